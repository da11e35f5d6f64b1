/**
 * Form that sends a request to this sandbox, for each operation of a reference. Without its script it is not shown.
 *
 * @module
 */
import { html } from 'hono/html';
import { DEFAULT_API_KEY } from '../../domain/defaults.ts';

type Html = ReturnType<typeof html>;

export interface TryParameter {
  readonly name: string;
  readonly in: string;
  readonly example?: unknown;
}

export interface TryOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly TryParameter[];
  /** Body of the example; undefined for an operation without a body. */
  readonly body: unknown;
}

/** Not sent from a page: a stream has no end, and sinks are called by receivers. */
const NOT_SENT: ReadonlySet<string> = new Set(['stream', 'recordRequest']);

const field = ({ name, in: place, example }: TryParameter): Html => {
  const given = place === 'path' && typeof example === 'string' ? example : '';
  const required = place === 'path' ? 'required' : '';
  return html`<label
    >${name} <input name="${place}:${name}" type="text" value="${given}" ${required}
  /></label>`;
};

/** Empty for an operation that is not sent from a page. */
export const tryForm = (operation: TryOperation): Html | '' => {
  const { operationId, summary, method, path, parameters, body } = operation;
  if (NOT_SENT.has(operationId)) return '';
  const fields = parameters.filter(({ in: place }) => place === 'path' || place === 'query');
  const text = body === undefined ? '' : JSON.stringify(body, null, 2);
  return html`<details class="try">
    <summary>Send to this sandbox</summary>
    <form data-method="${method.toUpperCase()}" data-path="${path}" aria-label="Send: ${summary}">
      <div class="form-row">
        <label>API key <input name="key" type="text" value="${DEFAULT_API_KEY}" required /></label>
        ${fields.map(field)}
      </div>
      ${
        body === undefined
          ? ''
          : html`<label
              >Body <textarea name="body" rows="6" spellcheck="false">${text}</textarea>
            </label>`
      }
      <button type="submit" class="primary">Send</button>
      <output aria-live="polite" tabindex="0"></output>
    </form>
  </details>`;
};
