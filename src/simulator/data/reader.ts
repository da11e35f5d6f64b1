/**
 * The mail client and country of a lead, the same for all its opens and clicks. Webmail loads images through a proxy in
 * the United States; a click comes from the reader's browser.
 *
 * @module
 */

interface Trace {
  readonly user_agent: string;
  readonly ip_country: string;
}

export interface Reader {
  readonly opens: Trace;
  readonly clicks: Trace;
}

const GMAIL_PROXY =
  'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36';

/** Mail clients: user agents of opens and clicks, whether images load through a proxy, and how many of 20 readers use it. */
const CLIENTS: readonly {
  readonly opens: string;
  readonly clicks: string;
  readonly proxied: boolean;
  readonly of20: number;
}[] = [
  { opens: GMAIL_PROXY, clicks: CHROME, proxied: true, of20: 6 },
  {
    opens:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)',
    clicks:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
    proxied: false,
    of20: 5,
  },
  {
    opens:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
    clicks:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1',
    proxied: false,
    of20: 4,
  },
  { opens: CHROME, clicks: CHROME, proxied: false, of20: 3 },
  {
    opens: 'Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Thunderbird/136.0',
    clicks: 'Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0',
    proxied: false,
    of20: 1,
  },
  {
    opens:
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Mobile Safari/537.36',
    clicks:
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Mobile Safari/537.36',
    proxied: false,
    of20: 1,
  },
];

/** Country by top-level domain; other domains imply none. */
const COUNTRY_OF: Readonly<Record<string, string>> = {
  at: 'AT',
  au: 'AU',
  be: 'BE',
  ca: 'CA',
  ch: 'CH',
  de: 'DE',
  es: 'ES',
  fr: 'FR',
  in: 'IN',
  it: 'IT',
  jp: 'JP',
  nl: 'NL',
  pl: 'PL',
  se: 'SE',
  uk: 'GB',
};

const COUNTRIES = ['US', 'US', 'US', 'US', 'US', 'GB', 'DE', 'FR', 'CA', 'AU', 'NL', 'IN'];

/** @param drawn in [0, 1); the same number and address give the same reader */
export const readerFor = (drawn: number, email: string): Reader => {
  let left = drawn * 20;
  const program = CLIENTS.find(({ of20 }) => (left -= of20) < 0) ?? CLIENTS[0]!;
  const ending = email.slice(email.lastIndexOf('.') + 1).toLowerCase();
  // The fraction left over from the draw serves as a second draw.
  const place = Math.floor(((drawn * 997) % 1) * COUNTRIES.length);
  const country = COUNTRY_OF[ending] ?? COUNTRIES[place] ?? 'US';
  return {
    opens: { user_agent: program.opens, ip_country: program.proxied ? 'US' : country },
    clicks: { user_agent: program.clicks, ip_country: country },
  };
};
