/**
 * Script of the API references: sends the request of a form to this sandbox, and shows the response as text.
 *
 * @module
 */
import { visibleLine } from './model/visible-text.ts';
import { storedKey } from './state/stored-key.ts';

/** Responses are cut here. */
const MAX_SHOWN = 20_000;

const textOf = (data: FormData, name: string): string => String(data.get(name) ?? '').trim();

/** Path and query of a form: parameters in place of their names. */
const targetOf = (template: string, data: FormData): string => {
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(textOf(data, `path:${name}`)),
  );
  const query = new URLSearchParams(
    [...data.keys()]
      .filter((name) => name.startsWith('query:') && textOf(data, name) !== '')
      .map((name) => [name.slice('query:'.length), textOf(data, name)]),
  ).toString();
  return query === '' ? path : `${path}?${query}`;
};

/** JSON is indented; anything else is shown as it is. */
const formatted = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

const send = async (form: HTMLFormElement): Promise<string> => {
  const { method = 'GET', path = '/' } = form.dataset;
  const data = new FormData(form);
  const body = textOf(data, 'body');
  const started = performance.now();
  const response = await fetch(targetOf(path, data), {
    method,
    headers: {
      'x-user-context': textOf(data, 'key'),
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === '' ? {} : { body }),
  });
  const text = formatted(await response.text());
  const shown = text.split('\n').map(visibleLine).join('\n');
  const cut = shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}\n…` : shown;
  const took = Math.round(performance.now() - started);
  return `${response.status} ${response.statusText} in ${took} ms\n\n${cut}`;
};

const onSubmit = async (event: SubmitEvent): Promise<void> => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches('.try form')) return;
  event.preventDefault();
  const output = form.querySelector('output');
  if (output === null) return;
  output.textContent = 'Sending…';
  try {
    output.textContent = await send(form);
  } catch (error) {
    output.textContent = `No response: ${error instanceof Error ? error.message : String(error)}`;
  }
};

for (const field of document.querySelectorAll('.try input[name="key"]')) {
  if (field instanceof HTMLInputElement) field.value = storedKey();
}
document.addEventListener('submit', (event) => void onSubmit(event));
document.documentElement.classList.add('can-send');
