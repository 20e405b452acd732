/**
 * Where the image lies on the stage: one matrix, and the moves that change it.
 *
 * @import {ImageSize, Matrix, Size, View} from './types.js'
 */

/** @type {View} */
export const FIT = Object.freeze({ zoom: 1, x: 0, y: 0, rotation: 0, flip: false });

const ZOOM_MIN = 0.1;
const ZOOM_MAX = 32;

/** @param {ImageSize} image @param {View} view @returns {Size} the image's box on the stage at scale 1, turned */
function turnedSize({ columns, rows, aspect }, { rotation }) {
  const height = rows * aspect;
  return rotation % 180 === 0 ? { width: columns, height } : { width: height, height: columns };
}

/**
 * @param {ImageSize} image
 * @param {Size} stage
 * @param {View} view
 * @returns {number} stage pixels per image column at zoom 1
 */
export function fitScale(image, stage, view) {
  const { width, height } = turnedSize(image, view);
  return Math.min(stage.width / width, stage.height / height);
}

/** @param {ImageSize} image @param {Size} stage @param {View} view @returns {Matrix} image pixels to stage pixels */
export function matrixOf(image, stage, view) {
  const fit = fitScale(image, stage, view);
  const scale = fit * view.zoom;
  const angle = (view.rotation * Math.PI) / 180;
  const [cos, sin] = [Math.round(Math.cos(angle)), Math.round(Math.sin(angle))];
  const [sx, sy] = [view.flip ? -scale : scale, scale * image.aspect];
  const [a, b, c, d] = [cos * sx, sin * sx, -sin * sy, cos * sy];
  const middle = { x: stage.width / 2 + view.x * fit, y: stage.height / 2 + view.y * fit };
  const e = middle.x - (a * image.columns + c * image.rows) / 2;
  const f = middle.y - (b * image.columns + d * image.rows) / 2;
  return [a, b, c, d, e, f];
}

/**
 * At exactly one image pixel per stage pixel, whole-pixel offsets show every pixel as it is.
 *
 * @param {Matrix} matrix @returns {Matrix}
 */
export function snapped(matrix) {
  const [a, b, c, d, e, f] = matrix;
  const unit = [a, b, c, d].every((value) => Math.abs(value - Math.round(value)) < 1e-6);
  return unit ? [Math.round(a), Math.round(b), Math.round(c), Math.round(d), Math.round(e), Math.round(f)] : matrix;
}

/** @param {View} view @param {number} dx stage pixels @param {number} dy @param {number} fit @returns {View} */
export function panned(view, dx, dy, fit) {
  return { ...view, x: view.x + dx / fit, y: view.y + dy / fit };
}

/**
 * @param {View} view @param {number} factor @param {{x: number, y: number}} point stays where it is; from the stage's middle
 * @param {number} fit @returns {View}
 */
export function zoomed(view, factor, point, fit) {
  const zoom = Math.min(Math.max(view.zoom * factor, ZOOM_MIN), ZOOM_MAX);
  const real = zoom / view.zoom;
  const [px, py] = [point.x / fit, point.y / fit];
  return { ...view, zoom, x: px - (px - view.x) * real, y: py - (py - view.y) * real };
}

/** @param {View} view @param {90|-90} degrees @returns {View} turned clockwise about the stage's middle */
export function rotated(view, degrees) {
  const rotation = /** @type {0|90|180|270} */ ((view.rotation + degrees + 360) % 360);
  return { ...view, rotation, ...(degrees === 90 ? { x: -view.y, y: view.x } : { x: view.y, y: -view.x }) };
}

/** @param {View} view @returns {View} mirrored left to right as it is seen */
export function flipped(view) {
  const rotation = /** @type {0|90|180|270} */ ((360 - view.rotation) % 360);
  return { ...view, flip: !view.flip, rotation, x: -view.x };
}
