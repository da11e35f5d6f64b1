/**
 * Remedies for what histories show.
 *
 * @module
 */

export const FIX = {
  connection:
    'Read every request body to its end before answering, also when the request is refused, or answer with `Connection: close`. Keep nothing of one request for the next one on its connection.',
  leftover:
    'Undo everything that a refused or repeated request has begun: roll back its transaction (`finally`/`defer`), release its lock, reset what the process or the pooled connection keeps.',
  workers:
    'Keep the ids where all workers see them: a table with a unique key, or Redis with SET NX. A set in the memory of one process or thread is not enough.',
  queue:
    'Store the event before answering 2xx (a table or a durable queue). When a bounded queue or pool is full, wait or answer 503, so that the provider retries.',
  batch:
    'Insert ids with `ON CONFLICT DO NOTHING` and commit each event on its own, so that a duplicate does not roll back the other events of its batch.',
  lead: 'Change only the columns that the event is about, in one statement (`UPDATE … SET open_count = max(open_count, ?)`), or lock the lead’s row (`SELECT … FOR UPDATE`) while it is read and written.',
  byLead:
    'Recognise a repeat by the id of the event alone. Process every event of a lead, however shortly it follows another one.',
  race: 'Insert the id under a unique key first, in the transaction of the effect, and continue only when a row was inserted.',
  claim:
    'Claim an event atomically (`UPDATE … WHERE status = … RETURNING`, `FOR UPDATE SKIP LOCKED`), extend a lease while the work goes on, and store the effect under a unique key of the event id.',
  dedupe:
    'Store the id with a unique key in the transaction that stores the effect, keep it for days, and answer 200 to a repeat without doing anything.',
  shared:
    'Keep what belongs to one request (body, hash object, event, database connection) in local variables of its handler; nothing of it may be shared by requests that run at the same time.',
  steps:
    'Make the steps of one event a single transaction, or give each step its own mark of completion, so that a retry after a failed try repeats only what was not done.',
  start:
    'At start, take up only events that are not yet marked as processed, and mark an event in the transaction that stores its effect.',
  verify:
    'Return right after answering 401: nothing of a request may be processed before its signature is verified.',
} as const;
