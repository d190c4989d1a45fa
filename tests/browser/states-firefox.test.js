import { LOOKS, checkStates } from './check-states.js';

// What is too wide shows on the narrowest screen; the rules of axe-core are the same in both browsers.
checkStates('firefox', [LOOKS.phone]);
