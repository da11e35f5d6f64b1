/**
 * The lead of an event.
 *
 * @module
 */

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** `lead_email` of an event's data; null without one. */
export const leadOfEvent = (event: unknown): string | null => {
  const data = isObject(event) ? event['data'] : null;
  const email = isObject(data) ? data['lead_email'] : null;
  return typeof email === 'string' ? email : null;
};

/** The same for an event as JSON. */
export const leadOf = (body: string): string | null => {
  // Parsing is most of the cost. The sandbox never escapes this name when it serialises an event.
  if (!body.includes('"lead_email"')) return null;
  try {
    return leadOfEvent(JSON.parse(body));
  } catch {
    // A redelivery may send any body.
    return null;
  }
};
