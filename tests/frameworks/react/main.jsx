import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

function Host() {
  const [shown, setShown] = useState(true);
  const [language, setLanguage] = useState('en');
  const [answer, setAnswer] = useState('');
  return (
    <div lang={language}>
      <h1>React host</h1>
      <button id="toggle" onClick={() => setShown(!shown)}>toggle</button>
      <button id="language" onClick={() => setLanguage('ko')}>language</button>
      {shown && (
        <skintree-widget pack="/other-pack/" onresult={(event) => setAnswer(event.detail.model.id)} />
      )}
      <output id="answer">{answer}</output>
    </div>
  );
}

createRoot(document.getElementById('root')).render(<StrictMode><Host /></StrictMode>);
// Later than the host, as a script from elsewhere comes.
setTimeout(() => import(/* @vite-ignore */ new URL('/widget.js', location.origin).href), 300);
