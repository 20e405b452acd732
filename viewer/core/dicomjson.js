/**
 * Reading values of the DICOM JSON Model (PS3.18 Annex F).
 *
 * @import {Dataset} from './types.js'
 */

/** Tags the viewer reads, by keyword. */
export const TAG = Object.freeze({
  SOPClassUID: '00080016',
  SOPInstanceUID: '00080018',
  StudyDate: '00080020',
  Modality: '00080060',
  ModalitiesInStudy: '00080061',
  InstitutionName: '00080080',
  StationName: '00081010',
  StudyDescription: '00081030',
  SeriesDescription: '0008103E',
  PatientName: '00100010',
  PatientID: '00100020',
  PatientSex: '00100040',
  PatientAge: '00101010',
  SliceThickness: '00180050',
  CineRate: '00180040',
  FrameTime: '00181063',
  ImagerPixelSpacing: '00181164',
  NominalScannedPixelSpacing: '00182010',
  Regions: '00186011',
  RegionUnitsX: '00186024',
  RegionDeltaX: '0018602C',
  RegionDeltaY: '0018602E',
  StudyInstanceUID: '0020000D',
  SeriesInstanceUID: '0020000E',
  SeriesNumber: '00200011',
  InstanceNumber: '00200013',
  PatientOrientation: '00200020',
  ImagePositionPatient: '00200032',
  ImageOrientationPatient: '00200037',
  NumberOfStudyRelatedInstances: '00201208',
  NumberOfSeriesRelatedInstances: '00201209',
  PlanePosition: '00209113',
  PlaneOrientation: '00209116',
  SamplesPerPixel: '00280002',
  PhotometricInterpretation: '00280004',
  PlanarConfiguration: '00280006',
  NumberOfFrames: '00280008',
  Rows: '00280010',
  Columns: '00280011',
  PixelSpacing: '00280030',
  PixelAspectRatio: '00280034',
  BitsAllocated: '00280100',
  BitsStored: '00280101',
  HighBit: '00280102',
  PixelRepresentation: '00280103',
  PixelPaddingValue: '00280120',
  PixelPaddingRangeLimit: '00280121',
  BurnedInAnnotation: '00280301',
  PixelData: '7FE00010',
  FloatPixelData: '7FE00008',
  DoubleFloatPixelData: '7FE00009',
  PresentationLUTShape: '20500020',
  WindowCenter: '00281050',
  WindowWidth: '00281051',
  RescaleIntercept: '00281052',
  RescaleSlope: '00281053',
  WindowExplanation: '00281055',
  VOILUTFunction: '00281056',
  PaletteDescriptor: '00281101',
  PaletteRed: '00281201',
  PaletteGreen: '00281202',
  PaletteBlue: '00281203',
  ModalityLUTSequence: '00283000',
  LUTDescriptor: '00283002',
  LUTData: '00283006',
  VOILUTSequence: '00283010',
  PixelMeasures: '00289110',
  FrameVOILUT: '00289132',
  PixelValueTransformation: '00289145',
  RecommendedDisplayFrameRate: '00082144',
  SharedFunctionalGroups: '52009229',
  PerFrameFunctionalGroups: '52009230',
});

/** @param {Dataset|undefined} dataset @param {string} tag @returns {any[]} every value, [] when there is none */
export function values(dataset, tag) {
  return dataset?.[tag]?.Value ?? [];
}

/** @param {any} value @returns {string} one value as a person reads it; PN gives its alphabetic group */
function plain(value) {
  if (value === null || value === undefined) return '';
  return String(typeof value === 'object' ? (value.Alphabetic ?? '') : value);
}

/** @param {Dataset|undefined} dataset @param {string} tag @returns {string} the first value, '' when there is none */
export function text(dataset, tag) {
  return plain(values(dataset, tag)[0]).trim();
}

/** @param {Dataset|undefined} dataset @param {string} tag @returns {string[]} */
export function texts(dataset, tag) {
  return values(dataset, tag).map(plain).filter(Boolean);
}

/**
 * @param {Dataset|undefined} dataset @param {string} tag @param {number} fallback
 * @returns {number} the first value; `fallback` when it is absent or no finite number
 */
export function number(dataset, tag, fallback) {
  const value = values(dataset, tag)[0];
  if (value === null || value === undefined || value === '') return fallback;
  return Number.isFinite(Number(value)) ? Number(value) : fallback;
}

/** @param {Dataset|undefined} dataset @param {string} tag @returns {number[]} all values, [] unless all are numbers */
export function numbers(dataset, tag) {
  const found = values(dataset, tag).map((value) => (value === null || value === '' ? NaN : Number(value)));
  return found.every(Number.isFinite) ? found : [];
}

/** @param {Dataset|undefined} dataset @param {string} tag @returns {Dataset} the first item, {} when there is none */
export function item(dataset, tag) {
  return values(dataset, tag)[0] ?? {};
}

/** Modalities whose instances are no images. */
export const NO_IMAGES = new Set([
  'SR',
  'KO',
  'PR',
  'DOC',
  'RTSTRUCT',
  'RTPLAN',
  'RTRECORD',
  'REG',
  'ECG',
  'EPS',
  'HD',
  'AU',
  'FID',
  'PLAN',
  'SMR',
]);

/** @param {string} name a PN value @returns {string} components in reading order, without carets */
export function personName(name) {
  return name.split('=')[0].split('^').filter(Boolean).join(' ');
}
