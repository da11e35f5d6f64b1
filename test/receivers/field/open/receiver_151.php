<?php

/** Keeps of a lead who unsubscribes nothing but that: all else is erased. */

declare(strict_types=1);

const WORKERS = 32;
const SCHEMA = <<<'SQL'
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS done (id TEXT PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS totals (type TEXT PRIMARY KEY, number INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS active (
        email TEXT PRIMARY KEY, bounced INTEGER NOT NULL DEFAULT 0, opens INTEGER NOT NULL DEFAULT 0,
        sentiment TEXT, replied_at REAL NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS erased (email TEXT PRIMARY KEY, suppressed INTEGER NOT NULL);
    SQL;

class Crm
{
    private PDO $db;
    private string $outage;

    public function __construct(string $path)
    {
        $this->outage = "$path.outage";
        $this->db = new PDO("sqlite:$path", options: [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $this->db->exec('PRAGMA busy_timeout = 9000; PRAGMA synchronous = OFF');
    }

    public function install(): void
    {
        $this->db->exec(SCHEMA);
        $this->setOutage(false);
    }

    public function setOutage(bool $on): void
    {
        $on ? touch($this->outage) : @unlink($this->outage);
    }

    private function run(string $sql, mixed ...$values): PDOStatement
    {
        $statement = $this->db->prepare($sql);
        foreach ($values as $index => $value) {
            $statement->bindValue($index + 1, $value, is_int($value) ? PDO::PARAM_INT : PDO::PARAM_STR);
        }
        $statement->execute();
        return $statement;
    }

    public function take(array $event): void
    {
        $this->db->exec('BEGIN IMMEDIATE');
        try {
            if ($this->run('INSERT OR IGNORE INTO done VALUES (?)', $event['id'])->rowCount() === 1) {
                clearstatcache();
                if (file_exists($this->outage)) {
                    throw new RuntimeException('outage');
                }
                $this->apply($event['event'], $event['timestamp'], $event['data']);
            }
            $this->db->exec('COMMIT');
        } catch (Throwable $error) {
            $this->db->exec('ROLLBACK');
            throw $error;
        }
    }

    private function apply(string $type, string $timestamp, array $data): void
    {
        $this->run('INSERT INTO totals VALUES (?, 1) ON CONFLICT DO UPDATE SET number = number + 1', $type);
        $email = $data['lead_email'] ?? null;
        if (!is_string($email)) {
            return;
        }
        $isHard = $type === 'email.bounced' && ($data['bounce_type'] ?? null) === 'hard';
        if ($type === 'email.unsubscribed') {
            $this->erase($email, ($data['suppressed_globally'] ?? null) === true);
        } elseif ($this->isErased($email)) {
            if ($isHard) {
                $this->run('UPDATE erased SET suppressed = 1 WHERE email = ?', $email);
            }
        } else {
            $this->run('INSERT OR IGNORE INTO active (email) VALUES (?)', $email);
            match ($type) {
                'email.bounced' => $isHard && $this->run('UPDATE active SET bounced = 1 WHERE email = ?', $email),
                'email.opened' => $this->opened($email, $data['open_count'] ?? null),
                'email.replied' => $this->replied($email, $data['reply_sentiment'] ?? null, $timestamp),
                default => null,
            };
        }
    }

    private function isErased(string $email): bool
    {
        return $this->run('SELECT 1 FROM erased WHERE email = ?', $email)->fetchColumn() !== false;
    }

    /** A bounce is remembered, because nobody may write to the address again. */
    private function erase(string $email, bool $everywhere): void
    {
        $bounced = (int) $this->run('SELECT bounced FROM active WHERE email = ?', $email)->fetchColumn();
        $suppressed = max($bounced, (int) $everywhere);
        $this->run('DELETE FROM active WHERE email = ?', $email);
        $this->run(
            'INSERT INTO erased VALUES (?, ?) ON CONFLICT DO UPDATE SET suppressed = max(suppressed, excluded.suppressed)',
            $email,
            $suppressed,
        );
    }

    private function opened(string $email, mixed $count): void
    {
        if (is_int($count) || is_float($count)) {
            $count = (int) min($count, 2 ** 60);
            $this->run('UPDATE active SET opens = max(opens, ?) WHERE email = ?', $count, $email);
        }
    }

    private function replied(string $email, mixed $sentiment, string $timestamp): void
    {
        $at = (new DateTimeImmutable($timestamp))->format('U.u');
        $this->run(
            'UPDATE active SET sentiment = ?, replied_at = CAST(? AS REAL) WHERE email = ? AND replied_at <= CAST(? AS REAL)',
            is_string($sentiment) ? $sentiment : null,
            $at,
            $email,
            $at,
        );
    }

    public function effects(string $id): int
    {
        return (int) $this->run('SELECT count(*) FROM done WHERE id = ?', $id)->fetchColumn();
    }

    private function total(string $type): int
    {
        return (int) $this->run('SELECT number FROM totals WHERE type = ?', $type)->fetchColumn();
    }

    public function state(string $email): ?array
    {
        $erased = $this->run('SELECT * FROM erased WHERE email = ?', $email)->fetch(PDO::FETCH_ASSOC);
        if ($erased !== false) {
            return ['suppressed' => $erased['suppressed'] === 1, 'unsubscribed' => true];
        }
        $lead = $this->run('SELECT * FROM active WHERE email = ?', $email)->fetch(PDO::FETCH_ASSOC);
        if ($lead === false) {
            return null;
        }
        $sent = $this->total('email.sent');
        return [
            'suppressed' => $lead['bounced'] === 1,
            'unsubscribed' => false,
            'open_count' => $lead['opens'],
            'sentiment' => $lead['sentiment'],
            'rates' => ['bounce_rate' => $sent === 0 ? null : min(1, $this->total('email.bounced') / $sent)],
        ];
    }
}

function parse(string $body): ?array
{
    try {
        $event = json_decode($body, true, 128, JSON_THROW_ON_ERROR);
    } catch (JsonException) {
        return null;
    }
    if (!is_array($event) || !is_array($event['data'] ?? null)) {
        return null;
    }
    $isEvent = is_string($event['id'] ?? null) && is_string($event['event'] ?? null)
        && preg_match('/^\d{4}(-\d\d){2}T\d\d(:\d\d){2}(\.\d+)?(Z|[+-]\d\d:\d\d)$/', (string) $event['timestamp']) === 1;
    return $isEvent ? $event : null;
}

function webhook(Crm $crm, array $request): int
{
    if ($request['path'] !== '/webhooks/sendemall') {
        return 404;
    }
    if ($request['method'] !== 'POST') {
        return 405;
    }
    $expected = 'sha256=' . hash_hmac('sha256', $request['body'], getenv('SENDEMALL_SECRET'));
    if (!hash_equals($expected, $request['x-sendemall-signature'] ?? '')) {
        return 403;
    }
    $event = parse($request['body']);
    if ($event === null) {
        return 422;
    }
    if (!in_array(explode('.', $event['event'])[0], ['email', 'campaign'], true)) {
        return 200;
    }
    try {
        $crm->take($event);
        return 200;
    } catch (Throwable) {
        return 503;
    }
}

function hook(Crm $crm, array $request): ?array
{
    $parts = explode('/', $request['path'], 3);
    $key = rawurldecode($parts[2] ?? '');
    if ($parts[1] === 'effects') {
        return ['count' => $crm->effects($key)];
    }
    if ($parts[1] === 'leads') {
        return $crm->state($key);
    }
    $crm->setOutage(json_decode($request['body'], true)['fail']);
    return ['ok' => true];
}

/** Its headers, by their names in lower case, with its method, path and body. */
function read(Socket $socket): ?array
{
    $input = '';
    while (($end = strpos($input, "\r\n\r\n")) === false) {
        $more = @socket_read($socket, 65536);
        if ($more === false || $more === '') {
            return null;
        }
        $input .= $more;
    }
    $lines = explode("\r\n", substr($input, 0, $end));
    $first = explode(' ', array_shift($lines));
    $request = [];
    foreach ($lines as $line) {
        [$name, $value] = explode(':', "$line:", 2);
        $request[strtolower(trim($name))] = trim($value, " \t:");
    }
    if (strtolower($request['expect'] ?? '') === '100-continue') {
        socket_write($socket, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    $rest = substr($input, $end + 4);
    $request['body'] = readBody($socket, $rest, $request);
    return ['method' => $first[0], 'path' => explode('?', $first[1] ?? '/')[0]] + $request;
}

function readBody(Socket $socket, string $input, array $headers): string
{
    $atLeast = function (int $length) use ($socket, &$input): void {
        while (strlen($input) < $length) {
            $more = @socket_read($socket, 65536);
            if ($more === false || $more === '') {
                throw new RuntimeException('The connection was closed.');
            }
            $input .= $more;
        }
    };
    if (strtolower($headers['transfer-encoding'] ?? '') !== 'chunked') {
        $length = (int) ($headers['content-length'] ?? 0);
        $atLeast($length);
        return substr($input, 0, $length);
    }
    $body = '';
    while (true) {
        while (($end = strpos($input, "\r\n")) === false) {
            $atLeast(strlen($input) + 1);
        }
        $size = hexdec(explode(';', substr($input, 0, $end))[0]);
        if ($size === 0) {
            while (!str_contains(substr($input, $end), "\r\n\r\n")) {
                $atLeast(strlen($input) + 1);
            }
            return $body;
        }
        $atLeast($end + 2 + $size + 2);
        $body .= substr($input, $end + 2, $size);
        $input = substr($input, $end + 2 + $size + 2);
    }
}

function write(Socket $socket, int $status, string $content): void
{
    $length = strlen($content);
    $response = "HTTP/1.1 $status Status\r\nContent-Length: $length\r\nConnection: close\r\n\r\n$content";
    while ($response !== '' && ($written = @socket_write($socket, $response)) !== false) {
        $response = substr($response, $written);
    }
}

function listen(string $variable): Socket
{
    $socket = socket_create(AF_INET, SOCK_STREAM, SOL_TCP);
    socket_set_option($socket, SOL_SOCKET, SO_REUSEADDR, 1);
    socket_bind($socket, '127.0.0.1', (int) getenv($variable));
    socket_listen($socket, 256);
    return $socket;
}

/** One connection after the other, without an end. */
function work(Socket $server, callable $answer): never
{
    while (true) {
        $socket = socket_accept($server);
        if ($socket === false) {
            continue;
        }
        foreach ([SO_RCVTIMEO, SO_SNDTIMEO] as $option) {
            socket_set_option($socket, SOL_SOCKET, $option, ['sec' => 10, 'usec' => 0]);
        }
        try {
            $request = read($socket);
            if ($request !== null) {
                write($socket, ...$answer($request));
            }
        } catch (Throwable) {
            // The next one may be better.
        }
        socket_shutdown($socket, 1);
        socket_close($socket);
    }
}

if (posix_getpgrp() !== posix_getpid()) {
    posix_setpgid(0, 0);
}
(new Crm(getenv('DATABASE')))->install();
[$hooks, $webhooks] = [listen('HOOKS_PORT'), listen('PORT')];
for ($worker = 0; $worker <= WORKERS; $worker++) {
    if (pcntl_fork() === 0) {
        $crm = new Crm(getenv('DATABASE'));
        $worker === WORKERS
            ? work($hooks, function (array $request) use ($crm): array {
                $found = hook($crm, $request);
                return [$found === null ? 404 : 200, json_encode($found)];
            })
            : work($webhooks, fn (array $request): array => [webhook($crm, $request), '']);
    }
}
stream_get_contents(STDIN);
posix_kill(0, SIGKILL);
