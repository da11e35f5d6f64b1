/**
 * Receives SendEmAll's webhooks: a route handler of Next.js. Setting: SENDEMALL_SECRET.
 *
 * @module
 */
import { openInbox } from '../../../webhook-inbox.mjs';

export const runtime = 'nodejs';

/** Your work. */
const handleEvent = async (event) => {
  console.log(`${event.event} ${event.data?.lead_email ?? ''}`);
};

// One inbox for both routes, and for every reload in development.
globalThis.sendemallInbox ??= openInbox(handleEvent);

export async function POST(request) {
  const body = Buffer.from(await request.arrayBuffer());
  const signature = request.headers.get('X-SendEmAll-Signature') ?? undefined;
  return new Response(null, { status: globalThis.sendemallInbox.accept(body, signature) });
}
