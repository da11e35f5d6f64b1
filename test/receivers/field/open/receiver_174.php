<?php

/** One process and an event loop; connections stay open. The schema is the one of the MySQL server of the office. */

declare(strict_types=1);

const SCHEMA = <<<'SQL'
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    -- utf8mb4_general_ci is called NOCASE here.
    CREATE TABLE IF NOT EXISTS processed_events (
        event_id VARCHAR(191) COLLATE NOCASE PRIMARY KEY,
        processed_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
    );
    CREATE TABLE IF NOT EXISTS activities (event_id TEXT NOT NULL, type TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS activities_by_event ON activities (event_id);
    CREATE INDEX IF NOT EXISTS activities_by_type ON activities (type);
    CREATE TABLE IF NOT EXISTS leads (
        email TEXT PRIMARY KEY,
        suppressed INTEGER NOT NULL DEFAULT 0,
        unsubscribed INTEGER NOT NULL DEFAULT 0,
        open_count INTEGER NOT NULL DEFAULT 0,
        sentiment TEXT,
        replied_at REAL NOT NULL DEFAULT 0
    );
    SQL;

final class Crm
{
    private PDO $db;
    public bool $fails = false;

    public function __construct(string $path)
    {
        $this->db = new PDO("sqlite:$path", null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $this->db->exec(SCHEMA);
    }

    private function run(string $sql, array $values): PDOStatement
    {
        $statement = $this->db->prepare($sql);
        foreach ($values as $name => $value) {
            $type = is_int($value) ? PDO::PARAM_INT : ($value === null ? PDO::PARAM_NULL : PDO::PARAM_STR);
            $statement->bindValue($name, $value, $type);
        }
        $statement->execute();
        return $statement;
    }

    public function process(array $event): void
    {
        $this->db->beginTransaction();
        try {
            $isNew = $this->run('INSERT OR IGNORE INTO processed_events (event_id) VALUES (:id)', ['id' => $event['id']]);
            if ($isNew->rowCount() > 0) {
                $this->record($event);
            }
            $this->db->commit();
        } catch (Throwable $error) {
            $this->db->rollBack();
            throw $error;
        }
    }

    private function record(array $event): void
    {
        if ($this->fails) {
            throw new RuntimeException('The CRM fails.');
        }
        $this->run('INSERT INTO activities VALUES (:id, :type)', ['id' => $event['id'], 'type' => $event['event']]);
        $data = $event['data'];
        $email = $data['lead_email'] ?? null;
        if (!is_string($email)) {
            return;
        }
        $this->run('INSERT OR IGNORE INTO leads (email) VALUES (:email)', ['email' => $email]);
        if ($event['event'] === 'email.bounced' && ($data['bounce_type'] ?? null) === 'hard') {
            $this->run('UPDATE leads SET suppressed = 1 WHERE email = :email', ['email' => $email]);
        }
        if ($event['event'] === 'email.unsubscribed') {
            $this->run(
                'UPDATE leads SET unsubscribed = 1, suppressed = max(suppressed, :all) WHERE email = :email',
                ['email' => $email, 'all' => ($data['suppressed_globally'] ?? null) === true ? 1 : 0],
            );
        }
        if ($event['event'] === 'email.opened' && is_numeric($data['open_count'] ?? null)) {
            $this->run(
                'UPDATE leads SET open_count = max(open_count, :count) WHERE email = :email',
                ['email' => $email, 'count' => (int) min($data['open_count'], 2 ** 60)],
            );
        }
        if ($event['event'] === 'email.replied') {
            $sentiment = $data['reply_sentiment'] ?? null;
            $this->run(
                'UPDATE leads SET sentiment = :sentiment, replied_at = CAST(:at AS REAL) '
                    . 'WHERE email = :email AND replied_at <= CAST(:at AS REAL)',
                [
                    'email' => $email,
                    'sentiment' => is_string($sentiment) ? $sentiment : null,
                    'at' => (new DateTimeImmutable($event['timestamp']))->format('U.u'),
                ],
            );
        }
    }

    private function count(string $column, string $value): int
    {
        return (int) $this->run("SELECT count(*) FROM activities WHERE $column = :value", ['value' => $value])->fetchColumn();
    }

    public function effects(string $id): array
    {
        return ['count' => $this->count('event_id', $id)];
    }

    public function lead(string $email): ?array
    {
        $lead = $this->run('SELECT * FROM leads WHERE email = :email', ['email' => $email])->fetch(PDO::FETCH_ASSOC);
        $sent = $this->count('type', 'email.sent');
        return $lead === false ? null : [
            'suppressed' => (bool) $lead['suppressed'],
            'unsubscribed' => (bool) $lead['unsubscribed'],
            'open_count' => $lead['open_count'],
            'sentiment' => $lead['sentiment'],
            'rates' => ['bounce_rate' => $sent === 0 ? null : min(1, $this->count('type', 'email.bounced') / $sent)],
        ];
    }
}

/** One request of a connection. */
final class Request
{
    public function __construct(
        public readonly string $method,
        public readonly string $path,
        public readonly array $headers,
        public readonly string $body,
    ) {
    }

    /** Takes a request from the beginning of the input; null while it is incomplete. */
    public static function take(string &$input, bool &$isContinued): ?self
    {
        $end = strpos($input, "\r\n\r\n");
        if ($end === false) {
            return null;
        }
        $lines = explode("\r\n", substr($input, 0, $end));
        $first = explode(' ', $lines[0]);
        if (count($first) !== 3) {
            throw new InvalidArgumentException('not HTTP');
        }
        $headers = [];
        foreach (array_slice($lines, 1) as $line) {
            $colon = strpos($line, ':') ?: strlen($line);
            $headers[strtolower(substr($line, 0, $colon))] = trim(substr($line, $colon + 1));
        }
        $rest = substr($input, $end + 4);
        $isChunked = strcasecmp($headers['transfer-encoding'] ?? '', 'chunked') === 0;
        $body = $isChunked ? self::chunks($rest) : self::fixed($rest, (int) ($headers['content-length'] ?? 0));
        if ($body === null) {
            $isContinued = strcasecmp($headers['expect'] ?? '', '100-continue') === 0;
            return null;
        }
        $input = $rest;
        return new self($first[0], explode('?', $first[1])[0], $headers, $body);
    }

    private static function fixed(string &$rest, int $length): ?string
    {
        if (strlen($rest) < $length) {
            return null;
        }
        $body = substr($rest, 0, $length);
        $rest = substr($rest, $length);
        return $body;
    }

    private static function chunks(string &$rest): ?string
    {
        $body = '';
        $at = 0;
        while (($end = strpos($rest, "\r\n", $at)) !== false) {
            $size = (int) hexdec(explode(';', substr($rest, $at, $end - $at))[0]);
            if ($size === 0) {
                $last = strpos($rest, "\r\n\r\n", $end);
                if ($last === false) {
                    return null;
                }
                $rest = substr($rest, $last + 4);
                return $body;
            }
            if (strlen($rest) < $end + 2 + $size + 2) {
                return null;
            }
            $body .= substr($rest, $end + 2, $size);
            $at = $end + 2 + $size + 2;
        }
        return null;
    }
}

final class Loop
{
    private array $servers = [];
    private array $clients = [];
    private array $states = [];

    public function listen(string $port, callable $handler): void
    {
        $context = stream_context_create(['socket' => ['backlog' => 256, 'tcp_nodelay' => true]]);
        $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
        $server = stream_socket_server('tcp://127.0.0.1:' . getenv($port), $code, $text, $flags, $context);
        $this->servers[(int) $server] = [$server, $handler];
    }

    public function run(): void
    {
        while (true) {
            $readable = [STDIN, ...array_column($this->servers, 0), ...$this->clients];
            $none = null;
            if (!@stream_select($readable, $none, $none, 10)) {
                continue;
            }
            foreach ($readable as $stream) {
                if ($stream === STDIN) {
                    return;
                }
                isset($this->servers[(int) $stream]) ? $this->accept($stream) : $this->read($stream);
            }
        }
    }

    private function accept($server): void
    {
        $client = @stream_socket_accept($server, 0);
        if ($client !== false) {
            stream_set_blocking($client, false);
            $this->clients[(int) $client] = $client;
            $this->states[(int) $client] = ['input' => '', 'asked' => false, 'handler' => $this->servers[(int) $server][1]];
        }
    }

    private function close($client): void
    {
        unset($this->clients[(int) $client], $this->states[(int) $client]);
        fclose($client);
    }

    private function read($client): void
    {
        $more = fread($client, 1 << 16);
        if ($more === false || $more === '') {
            $this->close($client);
            return;
        }
        $state = &$this->states[(int) $client];
        $state['input'] .= $more;
        try {
            $isContinued = false;
            while (($request = Request::take($state['input'], $isContinued)) !== null) {
                $this->respond($client, $request, ...$state['handler']($request));
                $state['asked'] = false;
            }
            if ($isContinued && !$state['asked']) {
                $state['asked'] = true;
                $this->write($client, "HTTP/1.1 100 Continue\r\n\r\n");
            }
        } catch (InvalidArgumentException) {
            $this->write($client, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            $this->close($client);
        }
    }

    private function respond($client, Request $request, int $status, mixed $value): void
    {
        $content = json_encode($value);
        $head = "HTTP/1.1 $status Status\r\nContent-Type: application/json\r\nContent-Length: " . strlen($content);
        $this->write($client, "$head\r\n\r\n" . ($request->method === 'HEAD' ? '' : $content));
    }

    private function write($client, string $text): void
    {
        stream_set_blocking($client, true);
        @fwrite($client, $text);
        stream_set_blocking($client, false);
    }
}

function eventIn(string $body): ?array
{
    $event = json_decode($body, true, 64);
    $texts = array_map(fn (string $name) => $event[$name] ?? null, ['id', 'event', 'timestamp']);
    if (!is_array($event) || !is_array($event['data'] ?? null) || array_filter($texts, is_string(...)) !== $texts) {
        return null;
    }
    if (array_is_list($event['data']) && preg_match('/"data"\s*:\s*\{/', $body) !== 1) {
        return null;
    }
    return preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/D', $texts[2]) === 1 ? $event : null;
}

$crm = new Crm(getenv('DATABASE'));

$webhook = function (Request $request) use ($crm): array {
    if ($request->path !== '/webhooks/sendemall') {
        return [404, ['error' => 'not found']];
    }
    if ($request->method !== 'POST') {
        return [405, ['error' => 'POST only']];
    }
    $hash = hash_hmac('sha256', $request->body, getenv('SENDEMALL_SECRET'));
    if (!hash_equals("sha256=$hash", $request->headers['x-sendemall-signature'] ?? '')) {
        return [401, ['error' => 'invalid signature']];
    }
    $event = eventIn($request->body);
    if ($event === null) {
        return [400, ['error' => 'not an event']];
    }
    try {
        if (preg_match('/^(email|campaign)\./', $event['event']) === 1) {
            $crm->process($event);
        }
        return [200, ['received' => true]];
    } catch (Throwable) {
        return [503, ['error' => 'try again later']];
    }
};

$hooks = function (Request $request) use ($crm): array {
    $parts = explode('/', $request->path, 3);
    $key = rawurldecode($parts[2] ?? '');
    if ($parts[1] === 'fault') {
        $crm->fails = json_decode($request->body, true)['fail'];
        return [200, []];
    }
    $found = $parts[1] === 'effects' ? $crm->effects($key) : $crm->lead($key);
    return [$found === null ? 404 : 200, $found];
};

$loop = new Loop();
$loop->listen('HOOKS_PORT', $hooks);
$loop->listen('PORT', $webhook);
$loop->run();
