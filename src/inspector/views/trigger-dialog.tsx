/**
 * Trigger an event: a form made from its schema, the raw JSON beside it, checked as it is typed.
 *
 * @module
 */
import { useSignal, type Signal } from '@preact/signals';
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import { EVENT_EXAMPLES } from '../../../schemas/examples.ts';
import type { TriggerRequest } from '../../../schemas/sandbox.ts';
import {
  checkData,
  fieldsOf,
  parseInput,
  valueAt,
  withValue,
  type Field,
} from '../model/event-form.ts';
import { go } from '../state/location.ts';
import { client, notify, perform, running } from '../state/session.ts';
import { webhooks } from '../state/webhooks.ts';
import { cursor } from './cursor.ts';
import { closeDialog } from './dialog-state.ts';
import { Dialog } from './dialog.tsx';

type EventName = (typeof EVENT_TYPES)[number];
type Json = Readonly<Record<string, unknown>>;

const FormField = ({
  field,
  data,
  set,
}: {
  field: Field;
  data: Json;
  set: (value: unknown) => void;
}) => {
  const value = valueAt(data, field.path);
  const text = value === undefined ? '' : String(value);
  const input =
    field.choices.length > 0 ? (
      <select value={text} onChange={(event) => set(parseInput(field, event.currentTarget.value))}>
        <option value="">generated</option>
        {field.choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    ) : (
      <input
        type="text"
        inputMode={field.kind === 'integer' ? 'numeric' : 'text'}
        placeholder={field.example === '' ? 'generated' : `generated, e.g. ${field.example}`}
        value={text}
        onInput={(event) => set(parseInput(field, event.currentTarget.value))}
      />
    );
  return (
    <label title={field.help}>
      <code>{field.path}</code>
      {input}
    </label>
  );
};

const Options = () => (
  <div class="form-row">
    <label>
      Deliver to
      <select name="webhook_id">
        <option value="">every subscriber</option>
        {webhooks.value.map(({ id, url }) => (
          <option key={id} value={id}>
            {url}
          </option>
        ))}
      </select>
    </label>
    <label>
      Count
      <input name="count" type="number" min={1} max={10_000} value={1} />
    </label>
    <label>
      Event id
      <input name="id" type="text" placeholder="generated" pattern="evt_[A-Za-z0-9_\-]+" />
    </label>
    <label>
      Timestamp
      <input name="timestamp" type="text" placeholder="now" />
    </label>
  </div>
);

const submit = async (event: EventName, data: Json, form: FormData): Promise<void> => {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const count = Number(text('count') || 1);
  const request: TriggerRequest = {
    event,
    ...(Object.keys(data).length > 0 ? { data } : {}),
    ...(count === 1 ? {} : { count }),
    ...(text('id') === '' ? {} : { id: text('id') }),
    ...(text('timestamp') === '' ? {} : { timestamp: text('timestamp') }),
    ...(text('webhook_id') === '' ? {} : { webhook_id: text('webhook_id') }),
  };
  const result = await perform('trigger', () => client.value.events.trigger(request));
  if (result === null) return;
  closeDialog();
  const [first] = result.deliveries;
  notify(
    result.notice ??
      `${result.events.length} ${result.events.length === 1 ? 'event' : 'events'}, ${result.deliveries.length} ${result.deliveries.length === 1 ? 'delivery' : 'deliveries'}.`,
  );
  if (first === undefined) return;
  cursor.value = first.id;
  go({ view: 'deliveries', ...(result.deliveries.length === 1 ? { id: first.id } : {}) });
};

const Fields = ({ event, json }: { event: EventName; json: Signal<string> }) => {
  const { data } = checkData(event, json.value);
  return (
    <fieldset class="fields" disabled={data === null}>
      <legend>Fields</legend>
      {fieldsOf(event).map((field) => (
        <FormField
          key={field.path}
          field={field}
          data={data ?? {}}
          set={(value) => {
            const next = withValue(data ?? {}, field.path, value);
            json.value = Object.keys(next).length === 0 ? '' : JSON.stringify(next, null, 2);
          }}
        />
      ))}
    </fieldset>
  );
};

const Raw = ({ event, json }: { event: EventName; json: Signal<string> }) => (
  <section>
    <div class="body-bar">
      <h3 id="raw-json">Raw JSON</h3>
      {EVENT_EXAMPLES[event].map((example, index) => (
        <button
          key={example.id}
          type="button"
          class="small"
          onClick={() => (json.value = JSON.stringify(example.data, null, 2))}
        >
          Example {index + 1}
        </button>
      ))}
    </div>
    <textarea
      aria-labelledby="raw-json"
      aria-describedby="trigger-problems"
      rows={16}
      spellcheck={false}
      placeholder="{} – everything is generated"
      value={json.value}
      onInput={(change) => (json.value = change.currentTarget.value)}
    />
  </section>
);

export const TriggerDialog = () => {
  const event = useSignal<EventName>('email.replied');
  const json = useSignal('');
  const { data, problems } = checkData(event.value, json.value);
  return (
    <Dialog title="Trigger an event" isWide>
      <form
        class="stack"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          if (data !== null) void submit(event.value, data, new FormData(submitted.currentTarget));
        }}
      >
        <label>
          Event
          <select
            value={event.value}
            onChange={(change) => {
              event.value = change.currentTarget.value as EventName;
              json.value = '';
            }}
          >
            {EVENT_TYPES.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <Options />
        <div class="columns">
          <Fields event={event.value} json={json} />
          <Raw event={event.value} json={json} />
        </div>
        <ul id="trigger-problems" class="problems" aria-live="polite">
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
        <footer class="form-end">
          <button
            type="submit"
            class="primary"
            disabled={data === null || running.value.has('trigger')}
          >
            Trigger {event.value}
          </button>
        </footer>
      </form>
    </Dialog>
  );
};
