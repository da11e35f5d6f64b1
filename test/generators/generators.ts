/**
 * Generators of clients and models that other people use, as data: how each is installed, generates, compiles and runs.
 *
 * @module
 */

/* oxlint-disable unicorn/no-useless-spread -- an option and its value stand on one line */

/** A program and its arguments, run in the generator's folder. */
type Command = readonly [program: string, ...args: readonly string[]];

/** One generator. */
export interface Generator {
  readonly name: string;
  /** Programs that the machine must have. */
  readonly needs: readonly string[];
  /** Run once; what it installs stays in the cache. */
  readonly install: readonly Command[];
  /** Files of `clients/`, and what each is called in the generator's folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Generates and compiles. */
  readonly build: readonly Command[];
  /** Prints one line of JSON: what it saw of a failed event. */
  readonly use: Command;
}

const SPECS = '../../../schemas/json';
const API = `${SPECS}/openapi.json`;
const SANDBOX = `${SPECS}/sandbox.openapi.json`;
const TSC: Command = ['npx', '--no-install', 'tsc', '-p', '.'];
const PYTHON = './venv/bin/python';

const npm = (...packages: readonly string[]): readonly Command[] => [
  ['npm', 'init', '-y'],
  ['npm', 'pkg', 'set', 'type=module'],
  [
    'npm',
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    'typescript@5',
    '@types/node@24',
    ...packages,
  ],
];

const pip = (...packages: readonly string[]): readonly Command[] => [
  ['python3', '-m', 'venv', 'venv'],
  [PYTHON, '-m', 'pip', 'install', '--quiet', ...packages],
];

const OPENAPI_GENERATOR: Command = [
  'mvn',
  '-q',
  'dependency:copy',
  '-Dartifact=org.openapitools:openapi-generator-cli:7.25.0',
  '-DoutputDirectory=jar',
];

const openapiGenerator = (
  language: string,
  spec: string,
  out: string,
  ...more: string[]
): Command => [
  'java',
  '-jar',
  'jar/openapi-generator-cli-7.25.0.jar',
  'generate',
  ...['-g', language, '-i', spec, '-o', out],
  ...more,
];

const oapiCodegen = (name: string, spec: string): Command => [
  './bin/oapi-codegen',
  ...['-config', `${name}.yaml`, spec],
];

const pythonClient = (spec: string, out: string): Command => [
  './venv/bin/openapi-python-client',
  'generate',
  '--overwrite',
  ...['--meta', 'none', '--path', spec, '--output-path', out],
];

export const GENERATORS: readonly Generator[] = [
  {
    name: 'openapi-typescript',
    needs: ['npm'],
    install: npm('openapi-typescript@7', 'openapi-fetch'),
    files: { 'openapi-fetch.ts': 'use.ts', 'tsconfig.json': 'tsconfig.json' },
    build: [
      ['npx', '--no-install', 'openapi-typescript', API, '-o', 'api.ts'],
      ['npx', '--no-install', 'openapi-typescript', SANDBOX, '-o', 'sandbox.ts'],
      TSC,
    ],
    use: ['node', 'out/use.js'],
  },
  {
    name: 'hey-api',
    needs: ['npm'],
    install: npm('@hey-api/openapi-ts', 'esbuild'),
    files: { 'hey-api.ts': 'use.ts', 'tsconfig.json': 'tsconfig.json' },
    build: [
      ['npx', '--no-install', 'openapi-ts', '-i', API, '-o', 'api', '-c', '@hey-api/client-fetch'],
      [
        'npx',
        '--no-install',
        'openapi-ts',
        '-i',
        SANDBOX,
        '-o',
        'sandbox',
        '-c',
        '@hey-api/client-fetch',
      ],
      TSC,
      // Its imports have no endings, which Node does not resolve.
      [
        'npx',
        '--no-install',
        'esbuild',
        'use.ts',
        '--bundle',
        '--platform=node',
        '--format=esm',
        '--outfile=out/use.js',
      ],
    ],
    use: ['node', 'out/use.js'],
  },
  {
    name: 'openapi-generator-typescript',
    needs: ['npm', 'java', 'mvn'],
    install: [...npm(), OPENAPI_GENERATOR],
    files: { 'typescript-fetch.ts': 'use.ts', 'tsconfig.json': 'tsconfig.json' },
    build: [openapiGenerator('typescript-fetch', API, 'api', '-p', 'importFileExtension=.js'), TSC],
    use: ['node', 'out/use.js'],
  },
  {
    name: 'openapi-generator-java',
    needs: ['java', 'mvn'],
    install: [OPENAPI_GENERATOR],
    files: { 'Use.java': 'api/src/main/java/Use.java' },
    build: [
      openapiGenerator(
        'java',
        API,
        'api',
        '--library',
        'native',
        '-p',
        'disallowAdditionalPropertiesIfNotPresent=false',
      ),
      ['mvn', '-q', '-f', 'api', '-DskipTests', 'compile', 'dependency:copy-dependencies'],
    ],
    use: ['java', '-cp', 'api/target/classes:api/target/dependency/*', 'Use'],
  },
  {
    name: 'oapi-codegen',
    needs: ['go'],
    install: [
      ['go', 'mod', 'init', 'example.com/use'],
      [
        'env',
        `GOBIN=${process.cwd()}/.tmp/generators/oapi-codegen/bin`,
        'go',
        'install',
        'github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@latest',
      ],
    ],
    files: {
      'use.go': 'main.go',
      'oapi-codegen.api.yaml': 'api.yaml',
      'oapi-codegen.sandbox.yaml': 'sandbox.yaml',
    },
    build: [
      ['mkdir', '-p', 'api', 'sandbox'],
      oapiCodegen('api', API),
      oapiCodegen('sandbox', SANDBOX),
      ['go', 'mod', 'tidy'],
      ['go', 'build', '-o', 'use', '.'],
    ],
    use: ['./use'],
  },
  {
    name: 'openapi-python-client',
    needs: ['python3'],
    install: pip('openapi-python-client', 'httpx', 'attrs', 'python-dateutil'),
    files: { 'openapi_python_client.py': 'use.py' },
    build: [pythonClient(API, 'api'), pythonClient(SANDBOX, 'sandbox')],
    use: [PYTHON, 'use.py'],
  },
  {
    name: 'datamodel-codegen',
    needs: ['python3'],
    install: pip('datamodel-code-generator', 'pydantic[email]'),
    files: { 'datamodel_codegen.py': 'use.py' },
    build: [
      [
        './venv/bin/datamodel-codegen',
        ...['--input', API, '--input-file-type', 'openapi', '--output', 'models.py'],
        ...['--output-model-type', 'pydantic_v2.BaseModel'],
      ],
    ],
    use: [PYTHON, 'use.py'],
  },
  {
    name: 'modelina',
    needs: ['npm'],
    install: npm('@asyncapi/modelina'),
    files: { 'modelina.mjs': 'use.mjs', 'tsconfig.json': 'tsconfig.json' },
    build: [],
    use: ['node', 'use.mjs', `${SPECS}/asyncapi.json`],
  },
];
