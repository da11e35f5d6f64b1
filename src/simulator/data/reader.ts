/**
 * What a lead reads its mail with, and where: the same for all its opens and clicks. Webmail fetches pictures through
 * a proxy of its own, which sits in the United States; a click comes from the reader's own browser.
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

/** The mail program, the browser behind it, whether the program goes through a proxy, and how many of 20 have it. */
const PROGRAMS: readonly {
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

/** By the last part of an address; other endings say nothing. */
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

/** @param drawn in [0, 1): the same number gives the same reader */
export const readerFor = (drawn: number, email: string): Reader => {
  let left = drawn * 20;
  const program = PROGRAMS.find(({ of20 }) => (left -= of20) < 0) ?? PROGRAMS[0]!;
  const ending = email.slice(email.lastIndexOf('.') + 1).toLowerCase();
  // The fraction that is left of the draw is as good as another draw.
  const place = Math.floor(((drawn * 997) % 1) * COUNTRIES.length);
  const country = COUNTRY_OF[ending] ?? COUNTRIES[place] ?? 'US';
  return {
    opens: { user_agent: program.opens, ip_country: program.proxied ? 'US' : country },
    clicks: { user_agent: program.clicks, ip_country: country },
  };
};
