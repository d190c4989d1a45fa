// The worker behind drawing-calls.js.

import { serve } from '../interface/worker-serve.js';
import { paintSpot } from './drawn-spots.js';

/**
 * @import {DrawingCalls} from './messages.js'
 * @import {Handlers} from '../interface/messages.js'
 */

/** @type {Handlers<DrawingCalls>} */
const handlers = {
  paint: paintSpot,
  numbers(language) {
    new Intl.NumberFormat(language, { style: 'percent' }).format(0);
  },
};

serve(handlers);
