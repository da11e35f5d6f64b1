/**
 * A hook for tests: how often an event's work was done. Open only with SENDEMALL_TEST_HOOKS=1.
 *
 * @module
 */
import { hasTestHooks } from '../../../../webhook-inbox.mjs';

export const runtime = 'nodejs';

export async function GET(_request, { params }) {
  if (!hasTestHooks) return new Response(null, { status: 404 });
  const { id } = await params;
  return Response.json({ count: globalThis.sendemallInbox?.effects(id) ?? 0 });
}
