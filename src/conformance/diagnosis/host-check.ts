/**
 * A check of the host’s name, which refuses every request to a name that it does not know.
 *
 * @module
 */
import { gistOf } from './page.ts';
import { statusOf, type Cause, type Scene } from './evidence.ts';

interface HostCheck {
  readonly sign: RegExp;
  readonly name: string;
  readonly allow: (host: string) => string;
}

const CHECKS: readonly HostCheck[] = [
  {
    sign: /DisallowedHost|Invalid HTTP_HOST header/,
    name: 'Django',
    allow: (host) => `put "${host}" into ALLOWED_HOSTS in settings.py`,
  },
  {
    sign: /Blocked hosts?:/i,
    name: 'Rails',
    allow: (host) => `config.hosts << "${host}" in config/environments/`,
  },
  {
    sign: /Blocked request\. This host/i,
    name: 'Vite',
    allow: (host) => `put "${host}" into server.allowedHosts in vite.config`,
  },
  {
    // webpack-dev-server; Starlette writes "host" small.
    sign: /Invalid Host header/,
    name: 'webpack-dev-server',
    allow: (host) => `put "${host}" into devServer.allowedHosts`,
  },
  {
    sign: /^Invalid host header/m,
    name: 'Starlette (TrustedHostMiddleware)',
    allow: (host) => `put "${host}" into allowed_hosts`,
  },
  {
    sign: /Invalid Hostname/i,
    name: 'ASP.NET Core',
    allow: (host) => `put "${host}" into AllowedHosts in appsettings.json`,
  },
];

const hostOf = ({ probe }: Scene): string => new URL(probe.url).hostname;

/** The same to everything: it looks at the host before it looks at what is asked. */
const refusedAlways = ({ valid, unsigned, get }: Scene, statuses: readonly number[]): boolean => {
  const status = statusOf(valid);
  return (
    status !== null &&
    statuses.includes(status) &&
    statusOf(unsigned) === status &&
    statusOf(get) === status
  );
};

export const hostCheck: Cause = (scene) => {
  const { valid, get } = scene;
  if (!refusedAlways(scene, [400, 403])) return null;
  const gist = gistOf(valid.reply);
  const found = CHECKS.find(({ sign }) => sign.test(gist));
  if (found === undefined) return null;
  const host = hostOf(scene);
  return {
    diagnosis: `${found.name} does not know the host "${host}" of this URL, and refuses every request to it, signed or not, POST or GET, before the receiver sees it.`,
    fix: `Let it take this host: ${found.allow(host)}; or give the URL with a host that it knows. In production, the registered URL’s host must be in the list.`,
    shownBy: [get],
  };
};

/** Without DEBUG, Django says no more than this. */
const BARE = /^Bad Request \(400\)\s*$/m;

export const bareBadRequest: Cause = (scene) => {
  if (!refusedAlways(scene, [400]) || !BARE.test(gistOf(scene.valid.reply))) return null;
  const host = hostOf(scene);
  return {
    diagnosis: `A page "Bad Request (400)" and no more is the answer to everything, signed or not, POST or GET. Django answers so, without DEBUG, when the host of the URL ("${host}") is not in ALLOWED_HOSTS: probably it is that check.`,
    fix: `Look for DisallowedHost in its log. If it is there, put "${host}" into ALLOWED_HOSTS, or give the URL with a host that is in it.`,
    shownBy: [scene.get],
  };
};
