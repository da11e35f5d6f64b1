/**
 * Headers and body of a request or a response.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import { prettyJson } from '../../deliveries/body-diff.ts';
import { formatBytes } from '../../deliveries/spans.ts';
import { Block, Line, Runs } from './text.tsx';

const Headers = ({ headers }: { headers: readonly (readonly string[])[] }) => (
  <dl class="headers">
    {headers.map(([name = '', value = ''], index) => (
      <div key={index}>
        <dt>
          <Line text={name} />
        </dt>
        <dd>
          <Runs text={value} />
        </dd>
      </div>
    ))}
  </dl>
);

export const MessageView = ({
  title,
  first,
  headers,
  body,
  isCut = false,
}: {
  title: string;
  /** Request or status line. */
  first: string;
  headers: readonly (readonly string[])[];
  body: string;
  /** True if the sandbox keeps only the beginning of the body. */
  isCut?: boolean;
}) => {
  const isPretty = useSignal(true);
  const pretty = prettyJson(body);
  const isJson = pretty !== body;
  return (
    <section class="message">
      <h3>{title}</h3>
      <p class="mono first">
        <Runs text={first} />
      </p>
      <Headers headers={headers} />
      <div class="body-bar">
        <span class="dim">
          {formatBytes(new TextEncoder().encode(body).length)}
          {isCut && ', cut by the sandbox'}
        </span>
        {isJson && (
          <button
            type="button"
            class="small"
            aria-pressed={!isPretty.value}
            onClick={() => (isPretty.value = !isPretty.value)}
          >
            Exact bytes
          </button>
        )}
      </div>
      <Block
        text={isPretty.value && isJson ? pretty : body}
        label={`Body of the ${title.toLowerCase()}`}
      />
    </section>
  );
};
