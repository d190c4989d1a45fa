// Puts a report on the scratchpad of a record system: its FHIR resources one after the other, or none of them.

import { SmartError } from './smart-messaging.js';

/** @import {SmartMessaging} from './smart-messaging.js' */
/** @typedef {{fullUrl: string, resource: {resourceType: string, [field: string]: unknown}}} Entry */

/**
 * @param {SmartMessaging} messaging
 * @param {{entry: Entry[]}} bundle as `report.toFHIR` writes it: what others refer to comes after them
 * @returns {Promise<string>} where its `DiagnosticReport` lies; rejects with a SmartError, and then nothing of it is left
 */
export async function putOnScratchpad(messaging, bundle) {
  /** Where each resource lies, by its URL in the bundle. @type {Map<string, string>} */
  const locations = new Map();
  try {
    for (const { fullUrl, resource } of bundle.entry.toReversed()) {
      locations.set(fullUrl, await create(messaging, withLocations(resource, locations)));
    }
  } catch (error) {
    for (const location of [...locations.values()].reverse()) {
      await messaging.request('scratchpad.delete', { location }).catch(() => {});
    }
    throw error;
  }
  return locations.get(bundle.entry[0].fullUrl) ?? '';
}

/**
 * @param {SmartMessaging} messaging
 * @param {Entry['resource']} resource
 */
async function create(messaging, resource) {
  const { status, location, outcome } = await messaging.request('scratchpad.create', { resource });
  // "201 Created", or whatever else of the kind.
  if (/^2\d\d\b/.test(String(status)) && typeof location === 'string' && location.startsWith(`${resource.resourceType}/`)) return location;
  throw new SmartError(`${resource.resourceType}: ${[status, ...reasons(outcome)].filter((text) => typeof text === 'string').join(', ') || 'refused'}`);
}

/** What an `OperationOutcome` says. @param {any} outcome @returns {unknown[]} */
function reasons(outcome) {
  const issues = Array.isArray(outcome?.issue) ? outcome.issue : [];
  return issues.map((/** @type {any} */ issue) => issue?.details?.text ?? issue?.diagnostics ?? issue?.code);
}

/**
 * The resource with references to where others lie by now.
 *
 * @param {Entry['resource']} resource
 * @param {Map<string, string>} locations
 * @returns {Entry['resource']}
 */
function withLocations(resource, locations) {
  return JSON.parse(JSON.stringify(resource), (key, value) => (key === 'reference' ? (locations.get(value) ?? value) : value));
}
