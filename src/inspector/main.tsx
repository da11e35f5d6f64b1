/**
 * The inspector's entry: starts the live data and renders the page.
 *
 * @module
 */
import { render } from 'preact';
import { startClock } from './state/clock.ts';
import { startDeliveries } from './state/deliveries.ts';
import { startEffects } from './state/effects.ts';
import { startDetail } from './state/detail.ts';
import { startLive } from './state/live.ts';
import { startVerifications } from './state/verifications.ts';
import { startWebhooks } from './state/webhooks.ts';
import { startKeys } from './views/keys.ts';
import { Shell } from './views/shell.tsx';

startDeliveries();
startClock();
startDetail();
startEffects();
startWebhooks();
startVerifications();
startLive();
startKeys();
const root = document.getElementById('app');
if (root !== null) render(<Shell />, root);
