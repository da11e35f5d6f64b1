/**
 * The script of the HTML report: buttons that copy a block. The page is complete without it.
 *
 * @module
 */

/** It reads the text of blocks and writes none, so that nothing in a report can become markup. */
export const SCRIPT = `
for (const block of document.querySelectorAll('.code')) {
  const pre = block.firstElementChild;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-live', 'polite');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(pre);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  block.append(button);
}
`;
