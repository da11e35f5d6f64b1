/**
 * The lead of an event, for lines and tables.
 *
 * @module
 */

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** `lead_email` of an event's data; null without one. */
export const leadOf = (body: string): string | null => {
  try {
    const envelope: unknown = JSON.parse(body);
    const data = isObject(envelope) ? envelope['data'] : null;
    const email = isObject(data) ? data['lead_email'] : null;
    return typeof email === 'string' ? email : null;
  } catch {
    // A redelivery may send any body.
    return null;
  }
};
