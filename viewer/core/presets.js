/**
 * Usual windows by modality, in the units of the modality transform.
 *
 * @import {VoiWindow} from './types.js'
 */

/** @type {Record<string, [key: string, center: number, width: number][]>} `key` is one of `strings.preset` */
const BY_MODALITY = {
  CT: [
    ['soft', 40, 400],
    ['lung', -600, 1500],
    ['bone', 400, 1800],
    ['brain', 40, 80],
    ['stroke', 35, 35],
    ['subdural', 75, 215],
    ['liver', 80, 150],
    ['mediastinum', 50, 350],
    ['angio', 300, 600],
  ],
};

/** @param {string} modality @returns {{key: string, window: VoiWindow}[]} */
export function presetsFor(modality) {
  return (BY_MODALITY[modality] ?? []).map(([key, center, width]) => ({
    key,
    window: { center, width, fn: 'LINEAR' },
  }));
}

/**
 * A drag over the stage changes the window in proportion to its width, so that it feels alike on CT and on MR.
 *
 * @param {VoiWindow} window @param {number} dx pixels to the right: wider @param {number} dy pixels down: darker
 * @returns {VoiWindow}
 */
export function dragged(window, dx, dy) {
  const step = Math.max(window.width, 2) / 250;
  const least = window.fn === 'LINEAR' ? 1 : 1e-6;
  return {
    fn: window.fn,
    center: window.center + dy * step,
    width: Math.max(least, window.width * Math.exp(dx / 250)),
  };
}
