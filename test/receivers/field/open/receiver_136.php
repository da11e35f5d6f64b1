<?php

/** One process that serves all connections, and a notice for the team about each reply. */

declare(strict_types=1);

final class Store
{
    private PDO $db;
    public bool $broken = false;

    public function __construct(string $path)
    {
        $this->db = new PDO("sqlite:$path", null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $this->db->exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
        $this->db->exec('CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT NOT NULL)');
        $this->db->exec('CREATE TABLE IF NOT EXISTS notices (number INTEGER PRIMARY KEY, notice TEXT NOT NULL)');
        $this->db->exec('CREATE TABLE IF NOT EXISTS leads (email TEXT PRIMARY KEY, state TEXT NOT NULL)');
    }

    public function query(string $sql, string|int ...$values): PDOStatement
    {
        $statement = $this->db->prepare($sql);
        $statement->execute($values);
        return $statement;
    }

    /** Runs the action once for each id: all of it or nothing. */
    public function once(string $id, string $type, callable $action): void
    {
        $this->db->beginTransaction();
        try {
            $added = $this->query('INSERT OR IGNORE INTO events VALUES (?, ?)', $id, $type)->rowCount();
            if ($added === 1) {
                $action();
            }
            $this->db->commit();
        } catch (Throwable $error) {
            $this->db->rollBack();
            throw $error;
        }
    }

    public function lead(string $email): ?array
    {
        $state = $this->query('SELECT state FROM leads WHERE email = ?', $email)->fetchColumn();
        return $state === false ? null : json_decode($state, true);
    }

    public function count(string $type): int
    {
        return (int) $this->query('SELECT count(*) FROM events WHERE type = ?', $type)->fetchColumn();
    }
}

final class Events
{
    private const QUOTES = " \t\r\n\"'“”„…";

    public function __construct(private Store $store)
    {
    }

    public function take(array $event): void
    {
        if (preg_match('/^(email|campaign)\./', $event['event']) !== 1) {
            return;
        }
        $this->store->once($event['id'], $event['event'], function () use ($event): void {
            if ($this->store->broken) {
                throw new RuntimeException('The CRM is broken.');
            }
            $this->updateLead($event);
            if ($event['event'] === 'email.replied') {
                $this->notify($event['data']);
            }
        });
    }

    private function updateLead(array $event): void
    {
        $data = $event['data'];
        $email = $data['lead_email'] ?? null;
        if (!is_string($email)) {
            return;
        }
        $lead = $this->store->lead($email)
            ?? ['suppressed' => false, 'unsubscribed' => false, 'open_count' => 0, 'sentiment' => null, 'at' => 0];
        if ($event['event'] === 'email.bounced' && ($data['bounce_type'] ?? '') === 'hard') {
            $lead['suppressed'] = true;
        }
        if ($event['event'] === 'email.unsubscribed') {
            $lead['unsubscribed'] = true;
            $lead['suppressed'] = $lead['suppressed'] || ($data['suppressed_globally'] ?? false) === true;
        }
        if ($event['event'] === 'email.opened' && is_numeric($data['open_count'] ?? null)) {
            $lead['open_count'] = max($lead['open_count'], $data['open_count']);
        }
        if ($event['event'] === 'email.replied') {
            $at = (float) (new DateTimeImmutable($event['timestamp']))->format('U.u');
            if ($at >= $lead['at']) {
                $lead['at'] = $at;
                $lead['sentiment'] = $data['reply_sentiment'] ?? null;
            }
        }
        $this->store->query('INSERT OR REPLACE INTO leads VALUES (?, ?)', $email, json_encode($lead));
    }

    /** Who wrote what, without the quotation marks that mail programs put around it. */
    private function notify(array $data): void
    {
        $notice = [
            'from' => $data['lead_name'] ?? $data['lead_email'] ?? 'somebody',
            'company' => $data['lead_company'] ?? null,
            'text' => trim((string) ($data['reply_preview'] ?? ''), self::QUOTES),
        ];
        $this->store->query('INSERT INTO notices (notice) VALUES (?)', json_encode($notice, JSON_THROW_ON_ERROR));
    }
}

final class Request
{
    public string $method = '';
    public string $path = '';
    public array $headers = [];
    public string $body = '';
    public bool $keepsAlive = true;

    /** Takes the first request out of what has arrived; null while it is not complete. */
    public static function take(string &$input): ?self
    {
        $end = strpos($input, "\r\n\r\n");
        if ($end === false) {
            return null;
        }
        $lines = explode("\r\n", substr($input, 0, $end));
        $first = explode(' ', array_shift($lines)) + ['', '/', 'HTTP/1.0'];
        $request = new self();
        [$request->method, $request->path] = [$first[0], explode('?', $first[1])[0]];
        foreach ($lines as $line) {
            [$name, $value] = explode(':', $line, 2) + ['', ''];
            $request->headers[strtolower($name)] = trim($value);
        }
        $connection = strtolower($request->headers['connection'] ?? '');
        $request->keepsAlive = $connection !== 'close' && $first[2] === 'HTTP/1.1';
        $rest = substr($input, $end + 4);
        $isChunked = strtolower($request->headers['transfer-encoding'] ?? '') === 'chunked';
        $length = $isChunked ? self::chunks($rest, $request->body) : self::plain($rest, $request);
        if ($length === null) {
            return null;
        }
        $input = substr($rest, $length);
        return $request;
    }

    private static function plain(string $rest, self $request): ?int
    {
        $length = (int) ($request->headers['content-length'] ?? 0);
        $request->body = substr($rest, 0, $length);
        return strlen($rest) < $length ? null : $length;
    }

    private static function chunks(string $rest, string &$body): ?int
    {
        $at = 0;
        while (($end = strpos($rest, "\r\n", $at)) !== false) {
            $size = hexdec(explode(';', substr($rest, $at, $end - $at))[0]);
            if ($size === 0) {
                $last = strpos($rest, "\r\n\r\n", $end);
                return substr($rest, $end + 2, 2) === "\r\n" ? $end + 4 : ($last === false ? null : $last + 4);
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

final class Connection
{
    private string $input = '';
    private string $output = '';
    private bool $isLast = false;
    private bool $hasContinued = false;

    public function __construct(public readonly mixed $stream, private Closure $answer)
    {
        stream_set_blocking($stream, false);
        stream_set_read_buffer($stream, 0);
    }

    public function wantsToWrite(): bool
    {
        return $this->output !== '';
    }

    /** False at its end. */
    public function read(): bool
    {
        $data = fread($this->stream, 65536);
        if ($data === false || ($data === '' && feof($this->stream))) {
            return false;
        }
        $this->input .= $data;
        $this->continue();
        while (!$this->isLast && ($request = Request::take($this->input)) !== null) {
            $this->hasContinued = false;
            $this->isLast = !$request->keepsAlive;
            [$status, $content] = ($this->answer)($request);
            $connection = $this->isLast ? 'close' : 'keep-alive';
            $length = strlen($content);
            $this->output .= "HTTP/1.1 $status Status\r\nContent-Type: application/json\r\n"
                . "Content-Length: $length\r\nConnection: $connection\r\n\r\n$content";
        }
        return $this->write();
    }

    public function write(): bool
    {
        if ($this->output !== '') {
            $written = @fwrite($this->stream, $this->output);
            if ($written === false) {
                return false;
            }
            $this->output = substr($this->output, $written);
        }
        return $this->output !== '' || !$this->isLast;
    }

    /** Some senders wait to be told that they may send the body. */
    private function continue(): void
    {
        $asks = preg_match('/\r\nexpect: *100-continue\r\n(?:.+\r\n)*\r\n/i', substr($this->input, 0, 8192)) === 1;
        if ($asks && !$this->hasContinued) {
            $this->hasContinued = true;
            $this->output .= "HTTP/1.1 100 Continue\r\n\r\n";
        }
    }
}

function parseEvent(string $body): ?array
{
    $event = json_decode($body, true);
    if (!is_array($event) || !is_array($event['data'] ?? null) || ($event['data'] !== [] && array_is_list($event['data']))) {
        return null;
    }
    foreach (['id', 'event', 'timestamp'] as $name) {
        if (!is_string($event[$name] ?? null)) {
            return null;
        }
    }
    $isTime = preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/', $event['timestamp']) === 1;
    return $isTime ? $event : null;
}

function webhook(Events $events): Closure
{
    return function (Request $request) use ($events): array {
        if ($request->path !== '/webhooks/sendemall') {
            return [404, '{"error":"not found"}'];
        }
        if ($request->method !== 'POST') {
            return [405, '{"error":"method not allowed"}'];
        }
        $expected = 'sha256=' . hash_hmac('sha256', $request->body, getenv('SENDEMALL_SECRET'));
        if (!hash_equals($expected, $request->headers['x-sendemall-signature'] ?? '')) {
            return [401, '{"error":"invalid signature"}'];
        }
        $event = parseEvent($request->body);
        if ($event === null) {
            return [400, '{"error":"invalid event"}'];
        }
        try {
            $events->take($event);
        } catch (Throwable) {
            return [500, '{"error":"internal error"}'];
        }
        return [200, '{"received":true}'];
    };
}

function stateOf(Store $store, string $email): ?array
{
    $lead = $store->lead($email);
    if ($lead === null) {
        return null;
    }
    unset($lead['at']);
    $sent = $store->count('email.sent');
    $rate = $sent > 0 ? min(1, $store->count('email.bounced') / $sent) : null;
    return $lead + ['rates' => ['bounce_rate' => $rate]];
}

function hooks(Store $store): Closure
{
    return function (Request $request) use ($store): array {
        [, $kind, $key] = explode('/', $request->path, 3) + ['', '', ''];
        $key = rawurldecode($key);
        if ($kind === 'effects') {
            $count = $store->query('SELECT count(*) FROM events WHERE id = ?', $key)->fetchColumn();
            return [200, json_encode(['count' => (int) $count])];
        }
        if ($kind === 'leads') {
            $state = stateOf($store, $key);
            return [$state === null ? 404 : 200, json_encode($state)];
        }
        $store->broken = json_decode($request->body)->fail;
        return [200, '{}'];
    };
}

function listen(string $variable)
{
    $context = stream_context_create(['socket' => ['backlog' => 256, 'tcp_nodelay' => true]]);
    $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
    return stream_socket_server('tcp://127.0.0.1:' . getenv($variable), $code, $message, $flags, $context);
}

/** Until the input ends. */
function loop(array $servers): void
{
    $connections = [];
    while (true) {
        $readable = [STDIN, ...array_column($servers, 0), ...array_map(fn ($one) => $one->stream, $connections)];
        $writing = array_filter($connections, fn ($one) => $one->wantsToWrite());
        $writable = array_map(fn ($one) => $one->stream, $writing);
        $exceptional = null;
        stream_select($readable, $writable, $exceptional, null);
        if (in_array(STDIN, $readable, true)) {
            return;
        }
        foreach ($servers as [$server, $answer]) {
            if (in_array($server, $readable, true) && ($stream = @stream_socket_accept($server, 0)) !== false) {
                $connections[(int) $stream] = new Connection($stream, $answer);
            }
        }
        foreach ($connections as $number => $connection) {
            $isOpen = !in_array($connection->stream, $readable, true) || $connection->read();
            $isOpen = $isOpen && (!in_array($connection->stream, $writable, true) || $connection->write());
            if (!$isOpen) {
                fclose($connection->stream);
                unset($connections[$number]);
            }
        }
    }
}

ini_set('memory_limit', '512M');
$store = new Store(getenv('DATABASE'));
loop([[listen('HOOKS_PORT'), hooks($store)], [listen('PORT'), webhook(new Events($store))]]);
