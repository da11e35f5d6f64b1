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
  /** Written only in a folder without any of these build files: a project has its own. */
  readonly unless?: readonly string[];
}

export interface Framework {
  readonly name: string;
  readonly templates: readonly Template[];
  readonly port: number;
  /** Installs what the receiver imports; null if it needs nothing. */
  readonly install: string | null;
  /** Starts the receiver; settings are in the environment. */
  readonly start: string;
  /** True if every project starts differently: `start` is an example, and nothing can run it. */
  readonly startIsExample?: true;
  /** True if the framework reads `.env` itself, and its projects have a `.env.example`. */
  readonly readsSettings?: true;
  /** What it writes at run time, as a pattern of .gitignore; default: its database `webhooks.db*`. */
  readonly writes?: string;
  /** Sets up the language in a GitHub workflow. */
  readonly setup: { readonly uses: string; readonly with: Readonly<Record<string, string>> };
  /** What is left to do by hand. */
  readonly todo?: string;
  /** The same, in a project that has a build file. */
  readonly todoInProject?: string;
}

const NODE = { uses: 'actions/setup-node@v4', with: { 'node-version': '24' } };
const PYTHON = { uses: 'actions/setup-python@v5', with: { 'python-version': '3.13' } };
const GO = { uses: 'actions/setup-go@v5', with: { 'go-version': '1.24' } };
const RUBY = { uses: 'ruby/setup-ruby@v1', with: { 'ruby-version': '3.4' } };
const PHP = { uses: 'shivammathur/setup-php@v2', with: { 'php-version': '8.4' } };
const JAVA = {
  uses: 'actions/setup-java@v4',
  with: { distribution: 'temurin', 'java-version': '21' },
};
const RUST = { uses: 'dtolnay/rust-toolchain@v1', with: { toolchain: 'stable' } };

const NODE_INBOX: Template = { from: 'shared/webhook-inbox.mjs', to: 'webhook-inbox.mjs' };
const PYTHON_INBOX: Template = { from: 'shared/webhook_inbox.py', to: 'webhook_inbox.py' };
const RUBY_INBOX = 'shared/webhook_inbox.rb';
const JAVA_BUILDS = ['pom.xml', 'build.gradle', 'build.gradle.kts'];

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
    name: 'nest',
    templates: [
      NODE_INBOX,
      { from: 'shared/webhook-inbox.d.mts', to: 'webhook-inbox.d.mts' },
      ...['controller', 'module', 'service'].map((part) => ({
        from: `nest/sendemall.${part}.ts`,
        to: `src/sendemall/sendemall.${part}.ts`,
      })),
    ],
    port: 3000,
    install: 'npm install',
    start: 'npm run start',
    setup: NODE,
    todo: "In src/main.ts, pass { rawBody: true } to NestFactory.create, and call app.useBodyParser('json', { limit: '1mb' }). Import SendemallModule in AppModule.",
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
    startIsExample: true,
    setup: PYTHON,
    todo: 'Add path("", include("sendemall_webhooks")) to urlpatterns in urls.py.',
  },
  {
    name: 'rails',
    templates: [
      { from: RUBY_INBOX, to: 'lib/webhook_inbox.rb' },
      {
        from: 'rails/sendemall_webhooks_controller.rb',
        to: 'app/controllers/sendemall_webhooks_controller.rb',
      },
      { from: 'rails/routes.rb', to: 'config/routes/sendemall.rb' },
      { from: 'rails/initializer.rb', to: 'config/initializers/sendemall.rb' },
    ],
    port: 3000,
    install: 'bundle add sqlite3 --skip-install && bundle install',
    start: 'bin/rails server',
    setup: RUBY,
    todo: 'Add "draw :sendemall" to the routes in config/routes.rb.',
  },
  {
    name: 'sinatra',
    templates: [
      { from: RUBY_INBOX, to: 'webhook_inbox.rb' },
      { from: 'sinatra/receiver.rb', to: 'receiver.rb' },
      { from: 'sinatra/Gemfile', to: 'Gemfile', unless: ['Gemfile'] },
    ],
    port: 4567,
    install: 'bundle install',
    start: 'bundle exec ruby receiver.rb',
    setup: RUBY,
    todoInProject: 'Add sinatra, rackup, puma and sqlite3 to the Gemfile.',
  },
  {
    name: 'laravel',
    templates: [
      ...[
        'app/Http/Controllers/SendemallWebhookController.php',
        'app/Jobs/HandleSendemallEvent.php',
        'app/Providers/SendemallServiceProvider.php',
      ].map((to) => ({ from: `laravel/${to.split('/').at(-1)}`, to })),
      {
        from: 'laravel/create_sendemall_events_table.php',
        to: 'database/migrations/2025_01_01_000000_create_sendemall_events_table.php',
      },
      { from: 'laravel/config.php', to: 'config/sendemall.php' },
      { from: 'laravel/routes.php', to: 'routes/sendemall.php' },
    ],
    port: 8000,
    install: 'composer install && php artisan migrate --force',
    start: 'php artisan queue:work database & php artisan serve --port=8000',
    readsSettings: true,
    setup: PHP,
    todo: 'Add App\\Providers\\SendemallServiceProvider::class to bootstrap/providers.php (before Laravel 11: to the providers in config/app.php), and set QUEUE_CONNECTION=database.',
  },
  {
    name: 'php',
    templates: ['webhook_inbox.php', 'index.php', 'worker.php'].map((to) => ({
      from: `php/${to}`,
      to,
    })),
    port: 8000,
    install: null,
    start: 'php worker.php & php -S 127.0.0.1:8000 index.php',
    setup: PHP,
  },
  {
    name: 'go',
    templates: [{ from: 'go/receiver.go', to: 'receiver.go' }],
    port: 3000,
    install: null,
    start: 'go run receiver.go',
    writes: 'webhooks.jsonl',
    setup: GO,
  },
  {
    name: 'spring',
    templates: [
      ...['WebhookInbox.java', 'SendemallWebhookController.java'].map((name) => ({
        from: `spring/${name}`,
        to: `src/main/java/com/example/webhooks/${name}`,
      })),
      {
        from: 'spring/ReceiverApplication.java',
        to: 'src/main/java/com/example/webhooks/ReceiverApplication.java',
        unless: JAVA_BUILDS,
      },
      {
        from: 'spring/application.properties',
        to: 'src/main/resources/application.properties',
        unless: JAVA_BUILDS,
      },
      { from: 'spring/pom.xml', to: 'pom.xml', unless: JAVA_BUILDS },
    ],
    port: 8080,
    install: 'mvn --quiet package -DskipTests',
    start: 'java -jar target/receiver-1.0.0.jar',
    writes: 'target/ and webhooks.journal',
    setup: JAVA,
    todoInProject:
      'Add @Import(SendemallWebhookController.class) to your application, and start it by its own name.',
  },
  {
    name: 'axum',
    templates: [
      { from: 'axum/sendemall.rs', to: 'src/sendemall.rs' },
      { from: 'axum/main.rs', to: 'src/main.rs', unless: ['Cargo.toml'] },
      { from: 'axum/Cargo.toml', to: 'Cargo.toml', unless: ['Cargo.toml'] },
    ],
    port: 3000,
    install: 'cargo build --release',
    start: './target/release/receiver',
    writes: 'target/ and webhooks.jsonl',
    setup: RUST,
    todoInProject:
      'Run cargo add axum hex hmac@0.12 serde_json sha2@0.10 subtle tokio --features tokio/full; add "mod sendemall;" to src/main.rs, merge sendemall::routes()? into your router, and start your own binary.',
  },
];

/** Reads a file of the project; null if it does not exist. */
type ReadFile = (name: string) => string | null;

const dependsOn = (manifest: string, name: string): boolean =>
  new RegExp(`"${name}"\\s*:`, 'u').test(manifest);

const inNode = (manifest: string): string => {
  const found = (
    [
      ['nest', '@nestjs/core'],
      ['next', 'next'],
      ['fastify', 'fastify'],
      ['express', 'express'],
      ['hono', 'hono'],
    ] as const
  ).find(([, name]) => dependsOn(manifest, name));
  return found?.[0] ?? 'node';
};

const inPython = (requirements: string): string | undefined =>
  ['fastapi', 'django', 'flask'].find((name) =>
    new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'u').test(requirements.toLowerCase()),
  );

const inRuby = (gems: string): string | undefined =>
  ['rails', 'sinatra'].find((name) => new RegExp(`gem ["']${name}["']`, 'u').test(gems));

const inPhp = (manifest: string): string =>
  dependsOn(manifest, 'laravel/framework') ? 'laravel' : 'php';

/** Recognize the framework of a project by its manifest; null if nothing shows it. */
export const detectFramework = (read: ReadFile): string | null => {
  const all = (...names: readonly string[]): string =>
    names.map((name) => read(name) ?? '').join('\n');
  // Projects of Rails and Laravel have a package.json, too.
  const ruby = inRuby(all('Gemfile'));
  if (ruby !== undefined) return ruby;
  const composer = read('composer.json');
  if (composer !== null) return inPhp(composer);
  const manifest = read('package.json');
  if (manifest !== null) return inNode(manifest);
  const python = inPython(all('requirements.txt', 'pyproject.toml'));
  if (python !== undefined) return python;
  if (read('go.mod') !== null) return 'go';
  if (all(...JAVA_BUILDS).includes('springframework')) return 'spring';
  return /^axum\b/mu.test(all('Cargo.toml')) ? 'axum' : null;
};
