// What every page of this folder does with the package: ask once through the interface, and show the element.

import { Classifier, SkintreeError } from 'skintree';
import { SkintreeFrame } from 'skintree/embed-host';
import { toFhir } from 'skintree/fhir';
import 'skintree/widget';

/** @param {string} photo its URL */
export async function ask(photo) {
  const output = document.querySelector('#answer');
  try {
    const classifier = await Classifier.load(undefined, { engine: 'cpu' });
    const report = await classifier.classify(await (await fetch(photo)).blob());
    classifier.free();
    const { resourceType } = JSON.parse(await toFhir(report));
    output.textContent = JSON.stringify({ report, resourceType, frame: typeof SkintreeFrame.connect });
  } catch (error) {
    output.textContent = JSON.stringify({ code: error instanceof SkintreeError ? error.code : null, message: String(error) });
  }
}
