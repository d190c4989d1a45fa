// Says so if the page's own script does not start. A classic script without imports, loaded first: where modules do not
// load, nothing else on the page can say anything.

(() => {
  const root = document.documentElement;
  const ko = /^ko\b/.test(navigator.language);
  const TEXTS = ko
    ? { title: '이 페이지를 시작하지 못했습니다.', help: '연결을 확인하고 새로 고침해 주세요. 그래도 안 되면 사이트 운영자에게 알려 주세요:', old: '브라우저가 너무 오래되었습니다. 최근 2년 안에 나온 Chrome, Edge, Firefox, Safari를 사용해 주세요.' }
    : { title: 'This page could not start.', help: 'Check the connection and load it again. If that does not help, tell those who run this site:', old: 'This browser is too old. Chrome, Edge, Firefox and Safari of the last two years work.' };
  const own = /** @type {HTMLScriptElement} */ (document.currentScript);
  const sandboxed = origin === 'null' ? ' (this frame’s sandbox lacks "allow-same-origin")' : '';
  /** @type {HTMLElement | undefined} */
  let shown;

  /** @param {string} help @param {string} detail */
  function show(help, detail) {
    if (root.dataset.started) return;
    if (!shown) {
      shown = document.createElement('section');
      shown.className = 'note not-started';
      shown.setAttribute('role', 'alert');
      (document.querySelector('main') ?? document.body).prepend(shown);
    }
    const lines = [TEXTS.title, help, detail + sandboxed].map((text) => {
      const line = document.createElement('p');
      line.textContent = text;
      return line;
    });
    shown.replaceChildren(...lines);
  }

  /** @param {() => void} act */
  const whenParsed = (act) => (document.readyState === 'loading' ? addEventListener('DOMContentLoaded', act) : act());

  if (!('noModule' in HTMLScriptElement.prototype)) {
    whenParsed(() => show(TEXTS.old, 'noModule'));
    return;
  }
  addEventListener(
    'error',
    (event) => {
      const { target } = event;
      if (target instanceof HTMLScriptElement) {
        whenParsed(() => show(TEXTS.help, target.src));
        import('../interface/diagnose.js').then(
          async ({ whatIsWrong }) => show(TEXTS.help, (await whatIsWrong(target.src))?.message ?? target.src),
          () => {},
        );
      } else if (event instanceof ErrorEvent && event.filename !== own.src) {
        // A script that this browser cannot read, or scripts of two versions that do not fit together.
        whenParsed(() => show(TEXTS.help, `${event.filename}: ${event.message}`));
      }
    },
    true,
  );
})();
