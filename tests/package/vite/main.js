import { ask } from '../page.js';

ask('/photo.png');
