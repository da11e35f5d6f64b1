/**
 * The page's state in its URL: `#/deliveries/dlv_1?q=status:dead`. Every view has a URL, and every URL a view.
 *
 * @module
 */

export const VIEWS = [
  'deliveries',
  'dead-letters',
  'webhooks',
  'campaigns',
  'sinks',
  'faults',
  'verify',
  'accounts',
] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  readonly view: View;
  /** The selected delivery, webhook, campaign or sink; null for none. */
  readonly id: string | null;
  /** Filter, tab and what else a view keeps. */
  readonly query: Readonly<Record<string, string>>;
}

const isView = (text: string): text is View => (VIEWS as readonly string[]).includes(text);

/** A malformed escape stays as it is: a URL that somebody typed must not break the page. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/**
 * @param hash with or without `#`
 * @returns the deliveries for a hash that names no view
 */
export const parseRoute = (hash: string): Route => {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const [view = '', ...rest] = path.split('/');
  const query = Object.fromEntries(new URLSearchParams(search));
  if (!isView(view)) return { view: 'deliveries', id: null, query };
  const id = decode(rest.join('/'));
  return { view, id: id === '' ? null : id, query };
};

export const formatRoute = ({ view, id, query }: Route): string => {
  const search = new URLSearchParams(
    Object.entries(query).filter(([, value]) => value !== ''),
  ).toString();
  const path = id === null ? view : `${view}/${encodeURIComponent(id)}`;
  return `#/${path}${search === '' ? '' : `?${search}`}`;
};
