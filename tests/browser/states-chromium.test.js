import { LOOKS, checkStates } from './check-states.js';

checkStates('chromium', [LOOKS.phone, LOOKS.desk]);
