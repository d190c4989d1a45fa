// What every page of this folder does with the package when it loads: ask once through the interface, and show the element.

import { Classifier, SkintreeError } from 'skintree';
import { SkintreeFrame } from 'skintree/embed-host';
import { toFhir } from 'skintree/fhir';
import 'skintree/widget';

async function ask() {
  try {
    const classifier = await Classifier.load(undefined, { engine: 'cpu' });
    const report = await classifier.classify(await (await fetch('/photo.png')).blob());
    classifier.free();
    const { resourceType } = JSON.parse(await toFhir(report));
    return { report, resourceType, frame: typeof SkintreeFrame.connect };
  } catch (error) {
    return { code: error instanceof SkintreeError ? error.code : null, message: String(error) };
  }
}

ask().then((answer) => (document.querySelector('#answer').textContent = JSON.stringify(answer)));
