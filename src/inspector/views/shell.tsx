/**
 * The frame of the page: navigation, clock, the view, notices, dialogs and the live region.
 *
 * @module
 */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { formatRoute, VIEWS, type View } from '../model/route.ts';
import { route } from '../state/location.ts';
import { apiKey, connection, notice, refusal, spoken, useKey } from '../state/session.ts';
import { visibleLine } from '../model/visible-text.ts';
import { AccountPage } from './account-page.tsx';
import { CampaignsPage } from './campaigns-page.tsx';
import { ClockBar } from './clock-bar.tsx';
import { DeadLettersPage } from './dead-letters-page.tsx';
import { FaultsPage } from './faults-page.tsx';
import { SinksPage } from './sinks-page.tsx';
import { SecretDialog, WebhookDialog } from './webhook-dialogs.tsx';
import { WebhooksPage } from './webhooks-page.tsx';
import { DeliveryPage } from './delivery-page.tsx';
import { DeliveryList } from './delivery-list.tsx';
import { dialog, openDialog } from './dialog-state.ts';
import { Help } from './help.tsx';
import { EditDialog, ForgeDialog } from './resend-dialogs.tsx';
import { Status } from './status.tsx';
import { TriggerDialog } from './trigger-dialog.tsx';
import { VerifyPage } from './verify-page.tsx';

const NAMES: Readonly<Record<View, string>> = {
  deliveries: 'Deliveries',
  'dead-letters': 'Dead letters',
  webhooks: 'Webhooks',
  campaigns: 'Campaigns',
  sinks: 'Sinks',
  faults: 'Faults',
  verify: 'Verify',
  accounts: 'Account',
};

const Header = () => (
  <header class="top">
    <a
      class="skip"
      href="#main"
      onClick={(event) => {
        // The hash is the route.
        event.preventDefault();
        document.getElementById('main')?.focus();
      }}
    >
      Skip to content
    </a>
    <a class="brand" href="#/deliveries">
      <span class="logo" aria-hidden="true" />
      sendemall-mock
    </a>
    <nav aria-label="Views">
      {VIEWS.map((view) => (
        <a
          key={view}
          href={formatRoute({ view, id: null, query: {} })}
          {...(route.value.view === view ? { 'aria-current': 'page' as const } : {})}
        >
          {NAMES[view]}
        </a>
      ))}
      <a href="/docs">Docs</a>
    </nav>
    <div class="top-end">
      <Status status={connection.value} />
      <a class="account" href="#/accounts" title="Account: the API key selects it">
        <span class="line">{visibleLine(apiKey.value)}</span>
      </a>
      <button
        type="button"
        class="quiet"
        aria-label="Keys and filter"
        onClick={() => openDialog('help')}
      >
        <kbd>?</kbd>
      </button>
    </div>
  </header>
);

/** Instead of the account, if the key is not accepted. */
const Refused = () => (
  <section class="empty" role="alert">
    <h2>The sandbox does not accept this key</h2>
    <p>{refusal.value}</p>
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        const key = String(new FormData(event.currentTarget).get('key') ?? '').trim();
        if (key !== '') useKey(key);
      }}
    >
      <label>
        API key <input name="key" type="text" autocomplete="off" required maxLength={256} />
      </label>
      <button type="submit" class="primary">
        Open account
      </button>
    </form>
  </section>
);

const PAGES: Partial<Record<View, () => JSX.Element>> = {
  'dead-letters': DeadLettersPage,
  webhooks: WebhooksPage,
  campaigns: CampaignsPage,
  sinks: SinksPage,
  faults: FaultsPage,
  verify: VerifyPage,
  accounts: AccountPage,
};

const useTitle = (): void => {
  const { view, id } = route.value;
  useEffect(() => {
    document.title = `${id === null ? NAMES[view] : `${id} · ${NAMES[view]}`} · sendemall-mock`;
    // On a phone the navigation scrolls.
    document
      .querySelector('nav [aria-current]')
      ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [view, id]);
};

const CurrentView = () => {
  useTitle();
  if (connection.value === 'refused') return <Refused />;
  const Other = PAGES[route.value.view];
  if (Other !== undefined) return <Other />;
  return (
    <div class={`panes ${route.value.id === null ? '' : 'has-detail'}`}>
      <DeliveryList />
      {route.value.id !== null && <DeliveryPage />}
    </div>
  );
};

const Notice = () =>
  notice.value === null ? null : (
    <div class={`notice ${notice.value.isError ? 'bad' : ''}`}>
      <span>{visibleLine(notice.value.text)}</span>
      <button
        type="button"
        class="quiet"
        aria-label="Dismiss"
        onClick={() => (notice.value = null)}
      >
        ✕
      </button>
    </div>
  );

const Dialogs = () => {
  if (dialog.value === 'help') return <Help />;
  if (dialog.value === 'trigger') return <TriggerDialog />;
  if (dialog.value === 'edit') return <EditDialog />;
  if (dialog.value === 'forge') return <ForgeDialog />;
  if (dialog.value === 'webhook') return <WebhookDialog />;
  if (dialog.value === 'secret') return <SecretDialog />;
  return null;
};

export const Shell = () => (
  <>
    <Header />
    {connection.value !== 'refused' && <ClockBar />}
    {connection.value === 'lost' && (
      <p class="banner">
        The sandbox does not answer. Reconnecting… What you see may be out of date.
      </p>
    )}
    <main id="main" tabIndex={-1}>
      <h1 class="visually-hidden">{NAMES[route.value.view]}</h1>
      <CurrentView />
    </main>
    <Notice />
    <Dialogs />
    <div class="visually-hidden" role="status" aria-live="polite">
      {visibleLine(spoken.value)}
    </div>
  </>
);
