/**
 * Paints frames on a 2D canvas. Any other painter has the same shape: `createPainter(canvas)` with `paint(scene)`.
 *
 * @import {Frame, Matrix, Size} from '../core/types.js'
 * @import {GrayLook} from '../core/raster.js'
 */

import { rasterColor, rasterGray } from '../core/raster.js';

/**
 * @typedef {object} Scene
 * @property {Size} size        of the canvas, in device pixels
 * @property {Frame|null} frame null paints black
 * @property {GrayLook|null} look  for gray frames
 * @property {boolean} invert   for the others
 * @property {Matrix} matrix    image pixels to device pixels
 */

/** @param {GrayLook|null} look @param {boolean} invert @returns {string} equal for looks that give the same pixels */
function fingerprint(look, invert) {
  if (!look) return String(invert);
  const { modality, voi } = look;
  const shown = voi.kind === 'lut' ? ['lut'] : [voi.window.fn, voi.window.center, voi.window.width];
  return [look.invert, modality.slope, modality.intercept, ...shown].join('|');
}

/** @param {HTMLCanvasElement} canvas */
export function createPainter(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false }));
  const raster = document.createElement('canvas');
  const rasterContext = /** @type {CanvasRenderingContext2D} */ (raster.getContext('2d'));
  /** @type {ImageData|null} */
  let image = null;
  /** @type {{frame: Frame|null, print: string}} */
  let held = { frame: null, print: '' };

  /** @param {Frame} frame @param {GrayLook|null} look @param {boolean} invert brings the raster up to date */
  function rasterize(frame, look, invert) {
    const print = fingerprint(look, invert);
    if (held.frame === frame && held.print === print) return;
    held = { frame, print };
    if (!image || image.width !== frame.columns || image.height !== frame.rows) {
      raster.width = frame.columns;
      raster.height = frame.rows;
      image = rasterContext.createImageData(frame.columns, frame.rows);
    }
    if (frame.kind === 'gray' && look) rasterGray(frame, look, new Uint32Array(image.data.buffer));
    else if (frame.kind === 'color') rasterColor(frame, invert, image.data);
    else if (frame.kind === 'rendered') {
      rasterContext.globalCompositeOperation = 'copy';
      rasterContext.drawImage(frame.image, 0, 0);
      if (!invert) return;
      rasterContext.globalCompositeOperation = 'difference';
      rasterContext.fillStyle = '#fff';
      rasterContext.fillRect(0, 0, frame.columns, frame.rows);
      return;
    }
    rasterContext.putImageData(image, 0, 0);
  }

  return {
    /** @param {Scene} scene */
    paint({ size, frame, look, invert, matrix }) {
      if (canvas.width !== size.width || canvas.height !== size.height) {
        canvas.width = size.width;
        canvas.height = size.height;
      }
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.fillStyle = '#000';
      context.fillRect(0, 0, size.width, size.height);
      if (!frame) return;
      rasterize(frame, look, invert);
      const exact = matrix.every(Number.isInteger);
      context.imageSmoothingEnabled = !exact;
      context.imageSmoothingQuality = 'high';
      context.setTransform(...matrix);
      context.drawImage(raster, 0, 0);
    },
  };
}

/** @typedef {ReturnType<typeof createPainter>} Painter */
