/**
 * Sinks: what the receiver called, and what it is answered.
 *
 * @module
 */
import type { SinkRecord, SinkSettings } from '../../../schemas/sandbox.ts';
import { formatClock } from '../../deliveries/spans.ts';
import { go, route } from '../state/location.ts';
import { useResource } from '../state/resource.ts';
import { client, notify, perform } from '../state/session.ts';
import { MessageView } from './message-view.tsx';
import { Loaded, Page } from './page.tsx';
import { Line } from './text.tsx';

const isAttempt = ({ type }: { type: string }): boolean => type === 'delivery.attempted';

interface SinkData {
  readonly requests: readonly SinkRecord[];
  readonly url: string;
}

const AnswerForm = ({ name }: { name: string }) => {
  const set = async (form: FormData): Promise<void> => {
    const status = Number(form.get('status') || 200);
    const text = String(form.get('body') ?? '').trim();
    let body: unknown = text;
    try {
      body = JSON.parse(text);
    } catch {
      // A text is sent as it is.
    }
    const times = Number(form.get('times') || 0);
    const settings = await perform<SinkSettings>('sink', () =>
      client.value.sinks.answer(name, {
        status,
        ...(text === '' ? {} : { body }),
        ...(times === 0 ? {} : { times }),
      }),
    );
    if (settings !== null) notify(`${name} answers ${settings.status}.`);
  };
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        void set(new FormData(event.currentTarget));
      }}
    >
      <label>
        Answer with status
        <input name="status" type="number" min={200} max={599} defaultValue="200" />
      </label>
      <label class="grow">
        Body
        <input name="body" type="text" placeholder='{"ok": true}' />
      </label>
      <label>
        Times
        <input name="times" type="number" min={1} max={1000} placeholder="all" />
      </label>
      <button type="submit">Set answer</button>
    </form>
  );
};

const Requests = ({ requests }: { requests: readonly SinkRecord[] }) => (
  <ul class="cards">
    {requests.map((record) => (
      <li key={record.order} class="card stack">
        <details>
          <summary>
            <span class="mono">{formatClock(record.received_at)}</span> <b>{record.method}</b>{' '}
            <Line text={`${record.path}${record.query === '' ? '' : `?${record.query}`}`} />{' '}
            <span class="tag">{record.answered}</span>
          </summary>
          <MessageView
            title="Request"
            first={`${record.method} ${record.path}`}
            headers={record.headers}
            body={record.body}
            isCut={record.truncated}
          />
        </details>
      </li>
    ))}
  </ul>
);

const SinkDetail = ({ name }: { name: string }) => {
  const data = useResource<SinkData>(
    async (api) => {
      const [{ items }, url] = await Promise.all([
        api.sinks.requests(name, { limit: 100 }).page(),
        api.sinks.url(name),
      ]);
      return { requests: items, url };
    },
    name,
    isAttempt,
  );
  const clear = async (): Promise<void> => {
    await perform('sink', () => client.value.sinks.clear(name));
    data.reload();
  };
  return (
    <Page
      title={`Sink ${name}`}
      actions={
        <>
          <button type="button" onClick={data.reload}>
            Refresh
          </button>
          <button type="button" class="danger" onClick={() => void clear()}>
            Empty
          </button>
          <button type="button" onClick={() => go({ id: null })}>
            All sinks
          </button>
        </>
      }
    >
      <AnswerForm name={name} />
      <Loaded resource={data}>
        {({ requests, url }) => (
          <>
            <p class="meta">
              Point your receiver at <code class="wrap">{url}</code>
            </p>
            {requests.length === 0 ? (
              <p class="dim">No requests yet.</p>
            ) : (
              <Requests requests={requests} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
};

const SinkList = () => {
  const sinks = useResource((api) => api.sinks.list(), 'sinks', isAttempt);
  return (
    <Page
      title="Sinks"
      help="Stand-ins for the services that your receiver calls: they record requests and answer as you say."
    >
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          go({ id: String(new FormData(event.currentTarget).get('name')).trim() });
        }}
      >
        <label>
          Open a sink by name
          <input name="name" type="text" required placeholder="crm" autocomplete="off" />
        </label>
        <button type="submit">Open</button>
      </form>
      <Loaded
        resource={sinks}
        isEmpty={(list) => list.length === 0}
        empty={<p>No sink has received a request.</p>}
      >
        {(list) => (
          <ul class="cards">
            {list.map(({ name, requests }) => (
              <li key={name} class="card">
                <h3>
                  <a href={`#/sinks/${encodeURIComponent(name)}`}>{name}</a>
                </h3>
                <span class="dim tabular">
                  {requests} {requests === 1 ? 'request' : 'requests'}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Page>
  );
};

export const SinksPage = () =>
  route.value.id === null ? (
    <SinkList />
  ) : (
    <SinkDetail key={route.value.id} name={route.value.id} />
  );
