/**
 * The viewer's nouns. Types only: nothing here runs.
 *
 * @typedef {{vr?: string, Value?: any[], InlineBinary?: string, BulkDataURI?: string, bytes?: Uint8Array}} Element
 *   One element of the DICOM JSON Model (PS3.18 Annex F); `bytes` is set once its bulk data was fetched.
 * @typedef {Record<string, Element>} Dataset
 *
 * @typedef {'pacs'|'teaching'} Source  Which door of the gateway: the first pass, or the teaching archive.
 *
 * @typedef {object} Pixel  How samples are stored (PS3.3 C.7.6.3).
 * @property {number} rows
 * @property {number} columns
 * @property {number} samples        samples per pixel
 * @property {string} photometric    Photometric Interpretation
 * @property {0|1} planar            Planar Configuration
 * @property {number} allocated      Bits Allocated
 * @property {number} stored         Bits Stored
 * @property {number} high           High Bit
 * @property {boolean} signed        Pixel Representation 1
 * @property {boolean} inverse       low values are shown white
 * @property {[number, number]|null} padding  stored values from the first to the second are no image
 *
 * @typedef {object} Instance  One SOP instance, read from its metadata.
 * @property {string} uid
 * @property {string} sopClass
 * @property {string} modality
 * @property {number} number         Instance Number
 * @property {number} frames
 * @property {Pixel|null} pixel      null when it is no image
 * @property {string} obstacle       why native pixels cannot be painted here, or ''
 * @property {number} fps            frames per second asked for by the instance, or 0
 * @property {Dataset} dataset
 *
 * @typedef {{instance: Instance, frame: number}} Slice  One image of a stack; `frame` counts from 1.
 * @typedef {{id: string, slices: Slice[], multiframe: boolean}} Stack
 *
 * @typedef {{first: number, bits: number, top: number, data: ArrayLike<number>}} Lut  `top`: the highest entry
 * @typedef {{slope: number, intercept: number, lut: Lut|null}} ModalityTransform
 * @typedef {'LINEAR'|'LINEAR_EXACT'|'SIGMOID'} WindowFunction
 * @typedef {{center: number, width: number, fn: WindowFunction, label?: string}} VoiWindow
 * @typedef {{kind: 'window', window: VoiWindow} | {kind: 'lut', lut: Lut}} Voi
 *
 * @typedef {{kind: 'gray', rows: number, columns: number, pixel: Pixel, samples: Uint8Array|Uint16Array|Uint32Array, bytes: number}} GrayFrame
 *   `pixel` describes the samples as they came, which is not always as they are stored
 * @typedef {{kind: 'color', rows: number, columns: number, rgba: Uint8ClampedArray, bytes: number}} ColorFrame
 * @typedef {{kind: 'rendered', rows: number, columns: number, image: ImageBitmap, bytes: number, reason: string}} RenderedFrame
 * @typedef {GrayFrame|ColorFrame|RenderedFrame} Frame
 *
 * @typedef {object} View  Where the image lies on the stage.
 * @property {number} zoom      1 fits the stage
 * @property {number} x         shift of the image's middle from the stage's, in stage pixels over fit scale
 * @property {number} y
 * @property {0|90|180|270} rotation  clockwise
 * @property {boolean} flip     mirrored left to right, before the rotation
 *
 * @typedef {{width: number, height: number}} Size
 * @typedef {{columns: number, rows: number, aspect: number}} ImageSize  `aspect`: height of a pixel over its width
 * @typedef {[number, number, number, number, number, number]} Matrix  a b c d e f, as in a canvas
 */
export {};
