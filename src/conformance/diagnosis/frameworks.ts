/**
 * What gives a framework away in its answers, and how things are done there.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Reply } from '../net/exchange.ts';

export interface Framework {
  readonly name: string;
  /** Fits the answer's headers, each as `name: value`. */
  readonly sign: RegExp;
  /** Fits the answer's body, where a server in front hides those headers. */
  readonly page?: RegExp;
  /** How to get the bytes of the body as they came. */
  readonly raw: string;
  /** How a header of the request is looked up, where its name changes on the way. */
  readonly header?: string;
  /** How to take one path out of the protection against forged forms. */
  readonly csrf?: string;
  /** How to take larger bodies. */
  readonly limit?: string;
  /** How to serve one path with and without a slash at its end. */
  readonly slash?: string;
}

/** As CGI and its heirs name the header. */
const CGI_NAME = `HTTP_${SIGNATURE.header.toUpperCase().replaceAll('-', '_')}`;

/** The most telling first. */
export const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'Next.js',
    sign: /^x-powered-by: next\.js/im,
    raw: 'Next.js: in a route handler `const raw = await request.text()` before anything else; in pages/api set `export const config = { api: { bodyParser: false } }` and read the stream.',
    limit: 'Next.js: in pages/api raise `config.api.bodyParser.sizeLimit`.',
    slash: 'Next.js: look at `trailingSlash` in next.config, and register the URL in that form.',
  },
  {
    name: 'Express',
    sign: /^x-powered-by: express/im,
    raw: 'Express: `app.post(path, express.raw({ type: () => true, limit: "1mb" }), handler)` before any express.json(), and hash `req.body`, which then is a Buffer.',
    csrf: 'Express: mount the webhook’s route before the CSRF middleware.',
    limit: 'Express: `express.raw({ type: () => true, limit: "1mb" })`.',
    slash: 'Express: `strict` routing is on; register the URL in the form of the route.',
  },
  {
    name: 'Flask',
    sign: /^server: werkzeug/im,
    raw: 'Flask: `request.get_data()` before `request.json` or `request.form`.',
    csrf: 'Flask-WTF: `@csrf.exempt` on the view.',
    limit: 'Flask: raise `MAX_CONTENT_LENGTH`.',
    slash: 'Flask: `strict_slashes=False` on the route, or register the URL with the slash.',
  },
  {
    name: 'Django',
    // With what its SecurityMiddleware sends behind gunicorn.
    sign: /^(set-cookie: csrftoken|server: wsgiserver)|^server: gunicorn(?=[^]*^referrer-policy: same-origin)(?=[^]*^cross-origin-opener-policy: same-origin)/im,
    page: /CSRF verification failed\. Request aborted\.|because you have <code>DEBUG = True<\/code>|<th[^<>]*>Django Version:|<h1>Bad Request \(400\)<\/h1><p><\/p>/,
    raw: 'Django: `request.body` before `request.POST`.',
    header: `Django: \`request.headers["${SIGNATURE.header}"]\` or \`request.META["${CGI_NAME}"]\`.`,
    csrf: 'Django: `@csrf_exempt` on the view.',
    limit: 'Django: raise `DATA_UPLOAD_MAX_MEMORY_SIZE`.',
    slash: 'Django: APPEND_SLASH redirects; register the URL with the slash.',
  },
  {
    name: 'Laravel',
    sign: /^set-cookie: (laravel_session|laravel-session|xsrf-token)/im,
    page: /\bIlluminate\\+\w/,
    raw: 'Laravel: `$request->getContent()`.',
    header: `Laravel: \`$request->header("${SIGNATURE.header}")\`.`,
    csrf: 'Laravel: put the path into `$middleware->validateCsrfTokens(except: […])`, or the route into routes/api.php.',
    slash: 'Laravel: public/.htaccess redirects away from slashes; register the URL without it.',
  },
  {
    name: 'PHP',
    sign: /^x-powered-by: php/im,
    raw: 'PHP: `file_get_contents("php://input")`, not `$_POST` (Laravel: `$request->getContent()`).',
    header: `PHP: \`$_SERVER["${CGI_NAME}"]\`.`,
    csrf: 'Laravel: put the path into `$middleware->validateCsrfTokens(except: […])`, or the route into routes/api.php.',
    limit: 'PHP: raise `post_max_size`.',
  },
  {
    name: 'Rails',
    sign: /^(x-runtime:|set-cookie: _\w+_session)/im,
    page: /\bAction ?(Controller|Dispatch)\b/,
    raw: 'Rails: `request.raw_post`, not `params`.',
    header: `Rails: \`request.headers["${SIGNATURE.header}"]\`.`,
    csrf: 'Rails: `skip_before_action :verify_authenticity_token` in this controller (or inherit from ActionController::API).',
  },
  {
    name: 'Rack',
    sign: /^server: (puma|webrick|thin|falcon)/im,
    raw: 'Rack: `env["rack.input"].read`, once (Rails: `request.raw_post`).',
    header: `Rack: \`env["${CGI_NAME}"]\`.`,
  },
  {
    name: 'ASP.NET Core',
    sign: /^(server: kestrel|x-powered-by: asp\.net)/im,
    raw: 'ASP.NET Core: `Request.EnableBuffering()`, then read `Request.Body` into bytes before model binding.',
    csrf: 'ASP.NET Core: `[IgnoreAntiforgeryToken]` on the action, or `.DisableAntiforgery()` on the endpoint.',
    limit: 'ASP.NET Core: raise `Kestrel:Limits:MaxRequestBodySize`.',
  },
  {
    name: 'FastAPI',
    sign: /^server: (uvicorn|hypercorn)/im,
    raw: 'FastAPI, Starlette: take `request: Request` and hash `await request.body()`, not a pydantic model.',
    slash: 'FastAPI: `redirect_slashes` answers 307; register the URL in the form of the route.',
  },
  {
    name: 'Spring',
    sign: /^(server: (apache-coyote|jetty)|set-cookie: jsessionid)/im,
    page: /^\{"timestamp":"[^"]+","status":\d+,"error":"|Whitelabel Error Page/,
    raw: 'Spring: take `@RequestBody byte[] body`.',
    csrf: 'Spring Security: `csrf.ignoringRequestMatchers("/webhooks/**")`.',
  },
  {
    name: 'Go',
    // Nothing but its panics gives it away.
    sign: /(?!)/,
    page: /\bgoroutine \d+ \[/,
    raw: 'Go: `io.ReadAll(r.Body)` before any decoder reads it.',
    limit: 'Go: `http.MaxBytesReader` with a larger limit.',
  },
  {
    name: 'axum',
    sign: /(?!)/,
    page: /^Failed to (deserialize the JSON body|parse the request body)/,
    raw: 'axum: take the body by the `Bytes` extractor, not by `Json`.',
    limit: 'axum: `DefaultBodyLimit::max`.',
  },
];

export const headerLines = (reply: Reply): string =>
  reply.kind === 'answer'
    ? reply.headers.map(([name, value]) => `${name}: ${value}`).join('\n')
    : '';

/** Undefined where no answer gives it away. */
export const frameworkOf = (reply: Reply): Framework | undefined =>
  FRAMEWORKS.find(({ sign }) => sign.test(headerLines(reply))) ??
  FRAMEWORKS.find(({ page }) => reply.kind === 'answer' && page?.test(reply.body) === true);

type Topic = 'raw' | 'header' | 'csrf' | 'limit' | 'slash';

/** How it is done in this framework, or in all of them where it is not known. */
export const remedyFor = (topic: Topic, reply: Reply): string => {
  const known = frameworkOf(reply)?.[topic];
  const all = new Set(FRAMEWORKS.flatMap((framework) => framework[topic] ?? []));
  return known ?? [...all].join(' ');
};
