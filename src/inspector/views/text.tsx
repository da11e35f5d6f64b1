/**
 * Text that a receiver or a user controls, as text: hidden characters become visible marks, long text is cut with a
 * button that shows the rest.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import { formatBytes } from '../../deliveries/spans.ts';
import { visibleLine, visibleRuns } from '../model/visible-text.ts';

const MAX_SHOWN = 20_000;

export const Runs = ({ text }: { text: string }) => (
  <>
    {visibleRuns(text).map((run, index) =>
      run.isMark ? (
        <span key={index} class="mark" title="a character that cannot be seen">
          {run.text}
        </span>
      ) : (
        run.text
      ),
    )}
  </>
);

/** One line; the whole text is the tooltip. */
export const Line = ({ text, class: name = '' }: { text: string; class?: string }) => {
  const line = visibleLine(text);
  return (
    <span class={`line ${name}`} title={line}>
      {line}
    </span>
  );
};

/** A block of preformatted text. */
export const Block = ({ text, label }: { text: string; label: string }) => {
  const isWhole = useSignal(false);
  const cut = !isWhole.value && text.length > MAX_SHOWN;
  if (text === '') return <p class="none">empty</p>;
  return (
    <div class="block">
      <pre tabIndex={0} role="region" aria-label={label}>
        <Runs text={cut ? text.slice(0, MAX_SHOWN) : text} />
      </pre>
      {cut && (
        <button type="button" onClick={() => (isWhole.value = true)}>
          Show all {formatBytes(text.length)}
        </button>
      )}
    </div>
  );
};
