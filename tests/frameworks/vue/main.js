import { createApp } from 'vue';
import Host from './Host.vue';

createApp(Host).mount('#root');
// Later than the host, as a script from elsewhere comes.
setTimeout(() => import(/* @vite-ignore */ new URL('/widget.js', location.origin).href), 300);
