/**
 * The receivers that `init` can write: files of `src/templates/`, how to install and start them, how to recognize a
 * project of theirs.
 *
 * @module
 */

/** A file of `src/templates/` and its path in the user's folder. */
export interface Template {
  readonly from: string;
  readonly to: string;
}

export interface Framework {
  readonly name: string;
  readonly templates: readonly Template[];
  readonly port: number;
  /** Installs what the receiver imports; null if it needs nothing. */
  readonly install: string | null;
  /** Starts the receiver; settings are in the environment. */
  readonly start: string;
  /** Sets up the language in a GitHub workflow, as `uses` and its input. */
  readonly setup: { readonly uses: string; readonly input: string; readonly version: string };
  /** What is left to do by hand. */
  readonly todo?: string;
}

const NODE = { uses: 'actions/setup-node@v4', input: 'node-version', version: '24' };
const PYTHON = { uses: 'actions/setup-python@v5', input: 'python-version', version: '3.13' };
const GO = { uses: 'actions/setup-go@v5', input: 'go-version', version: '1.24' };

const NODE_INBOX: Template = { from: 'shared/webhook-inbox.mjs', to: 'webhook-inbox.mjs' };
const PYTHON_INBOX: Template = { from: 'shared/webhook_inbox.py', to: 'webhook_inbox.py' };

const nodeReceiver = (name: string, packages: string | null): Framework => ({
  name,
  templates: [NODE_INBOX, { from: `${name}/receiver.mjs`, to: 'receiver.mjs' }],
  port: 3000,
  install: packages === null ? null : `npm install ${packages}`,
  start: 'node receiver.mjs',
  setup: NODE,
});

export const FRAMEWORKS: readonly Framework[] = [
  nodeReceiver('node', null),
  nodeReceiver('express', 'express'),
  nodeReceiver('fastify', 'fastify'),
  nodeReceiver('hono', 'hono @hono/node-server'),
  {
    name: 'next',
    templates: [
      NODE_INBOX,
      { from: 'next/route.js', to: 'app/webhooks/sendemall/route.js' },
      { from: 'next/effects-route.js', to: 'app/test/effects/[id]/route.js' },
    ],
    port: 3000,
    install: 'npm install',
    start: 'npm run dev',
    setup: NODE,
  },
  {
    name: 'flask',
    templates: [PYTHON_INBOX, { from: 'flask/receiver.py', to: 'receiver.py' }],
    port: 5000,
    install: 'pip install flask',
    start: 'python receiver.py',
    setup: PYTHON,
  },
  {
    name: 'fastapi',
    templates: [PYTHON_INBOX, { from: 'fastapi/receiver.py', to: 'receiver.py' }],
    port: 8000,
    install: 'pip install fastapi uvicorn',
    start: 'uvicorn receiver:app --port 8000',
    setup: PYTHON,
  },
  {
    name: 'django',
    templates: [
      PYTHON_INBOX,
      { from: 'django/sendemall_webhooks.py', to: 'sendemall_webhooks.py' },
    ],
    port: 8000,
    install: 'pip install django uvicorn',
    start: 'uvicorn project.asgi:application --port 8000',
    setup: PYTHON,
    todo: 'Add path("", include("sendemall_webhooks")) to urlpatterns in urls.py.',
  },
  {
    name: 'go',
    templates: [{ from: 'go/receiver.go', to: 'receiver.go' }],
    port: 3000,
    install: null,
    start: 'go run receiver.go',
    setup: GO,
  },
];

/** Reads a file of the project; null if it does not exist. */
type ReadFile = (name: string) => string | null;

const dependsOn = (manifest: string, name: string): boolean =>
  new RegExp(`"${name}"\\s*:`, 'u').test(manifest);

/** Recognize the framework of a project by its manifest; null if nothing shows it. */
export const detectFramework = (read: ReadFile): string | null => {
  const manifest = read('package.json');
  if (manifest !== null) {
    const found = ['next', 'fastify', 'express', 'hono'].find((name) => dependsOn(manifest, name));
    return found ?? 'node';
  }
  const python = `${read('requirements.txt') ?? ''}\n${read('pyproject.toml') ?? ''}`.toLowerCase();
  const found = ['fastapi', 'django', 'flask'].find((name) =>
    new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'u').test(python),
  );
  return found ?? (read('go.mod') === null ? null : 'go');
};
