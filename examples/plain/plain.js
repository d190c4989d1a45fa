// Writes down what the widget tells the page.

const widget = document.querySelector('skintree-widget');
const list = document.querySelector('#events');

const lines = {
  ready: ({ detail }) => `ready: ${detail.id} ${detail.version} on ${detail.engine.name}`,
  result: ({ detail }) => `result: ${detail.fine[0].id}, ${detail.fine[0].probability.toFixed(2)}`,
  error: ({ detail }) => `error: ${detail.code}`,
};
for (const [type, line] of Object.entries(lines)) {
  widget.addEventListener(type, (event) => {
    const item = document.createElement('li');
    item.textContent = line(event);
    list.append(item);
  });
}
