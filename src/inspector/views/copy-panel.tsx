/**
 * "Make this a test": the delivery as curl, as a vitest test, as a scenario, to copy.
 *
 * @module
 */
import type { Attempt, DeliveryDetail } from '../../../schemas/sandbox.ts';
import { asCurl, asScenario, asVitest } from '../model/snippets.ts';
import { copyText } from './copy.ts';
import { Block } from './text.tsx';

const Snippet = ({ name, help, text }: { name: string; help: string; text: string | null }) => (
  <section>
    <div class="body-bar">
      <h3>{name}</h3>
      {text !== null && (
        <button type="button" class="small" onClick={() => void copyText(text, name)}>
          Copy {name}
        </button>
      )}
    </div>
    <p class="dim">{help}</p>
    {text === null ? (
      <p class="none">The body is not an event of the contract.</p>
    ) : (
      <Block text={text} label={name} />
    )}
  </section>
);

export const CopyPanel = ({
  delivery,
  attempt,
}: {
  delivery: DeliveryDetail;
  attempt: Attempt | null;
}) => (
  <div class="panel">
    {attempt !== null && (
      <Snippet
        name="curl"
        help={`Attempt ${attempt.number}, byte for byte, with its signature.`}
        text={asCurl(attempt, delivery.body)}
      />
    )}
    <Snippet
      name="vitest test"
      help="Sends the same event to your receiver and expects that it is accepted."
      text={asVitest(delivery)}
    />
    <Snippet
      name="scenario"
      help="Commands that replay the event and all retries in a fresh sandbox, on a frozen clock."
      text={asScenario(delivery)}
    />
  </div>
);
