<?php

declare(strict_types=1);

/**
 * An inbox for SendEmAll's webhooks: verifies the signature over the raw bytes and keeps each event once. A worker
 * (worker.php) hands them to your code. What is waiting survives a restart; what fails is tried again, later each time.
 */
final class WebhookInbox
{
    /** Larger bodies are refused with 413. */
    public const MAX_BYTES = 1_000_000;

    private const MAX_DELAY_SECONDS = 3600;

    private readonly PDO $database;
    private readonly string $secret;

    /** Settings: SENDEMALL_SECRET; WEBHOOK_DATABASE (webhooks.db beside this file). */
    public function __construct()
    {
        $this->secret = getenv('SENDEMALL_SECRET') ?: throw new RuntimeException(
            'SENDEMALL_SECRET is not set. Set it in the environment.'
        );
        $file = getenv('WEBHOOK_DATABASE') ?: __DIR__ . '/webhooks.db';
        $this->database = new PDO("sqlite:$file", null, null, [
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
            PDO::ATTR_TIMEOUT => 5,
        ]);
        $this->database->exec('PRAGMA journal_mode = WAL');
        $this->database->exec(
            'CREATE TABLE IF NOT EXISTS events (
               id TEXT PRIMARY KEY, body TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due_at REAL,
               done INTEGER NOT NULL DEFAULT 0
             )'
        );
        $this->database->exec(
            'CREATE INDEX IF NOT EXISTS events_due ON events (due_at) WHERE due_at IS NOT NULL'
        );
    }

    /** Whether the test hook is open: never in production. */
    public static function hasTestHooks(): bool
    {
        return getenv('SENDEMALL_TEST_HOOKS') === '1';
    }

    /**
     * Takes one request. 200 says that the event is safe; anything but 2xx makes the provider send it again.
     *
     * @param string $body      the raw bytes
     * @param string $signature the header X-SendEmAll-Signature; empty if it is missing
     * @return int the status to respond with
     */
    public function accept(string $body, string $signature): int
    {
        if (strlen($body) > self::MAX_BYTES) {
            return 413;
        }
        if (!hash_equals('sha256=' . hash_hmac('sha256', $body, $this->secret), $signature)) {
            return 401;
        }
        $event = self::parse($body);
        if ($event === null) {
            return 400;
        }
        $this->query(
            'INSERT INTO events (id, body, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
            [$event['id'], $body, microtime(true)]
        );

        return 200;
    }

    /** For tests: how often this event's work was done. */
    public function effects(string $id): int
    {
        return (int) $this->query('SELECT done FROM events WHERE id = ?', [$id])->fetchColumn();
    }

    /**
     * Works on the next event that is due. One worker at a time.
     *
     * @param callable(array): void $handleEvent your work; let it throw when it fails
     * @return bool whether an event was due
     */
    public function work(callable $handleEvent): bool
    {
        $row = $this->query(
            'SELECT id, body, tries FROM events WHERE due_at <= ? ORDER BY due_at LIMIT 1',
            [microtime(true)]
        )->fetch();
        if ($row === false) {
            return false;
        }
        try {
            $handleEvent(self::parse($row['body']));
            $this->query('UPDATE events SET due_at = NULL, done = done + 1 WHERE id = ?', [$row['id']]);
        } catch (Throwable $error) {
            error_log("{$row['id']} failed, and will be tried again: {$error->getMessage()}");
            $delay = min(2 ** min((int) $row['tries'], 12), self::MAX_DELAY_SECONDS);
            $this->query(
                'UPDATE events SET tries = tries + 1, due_at = ? WHERE id = ?',
                [microtime(true) + $delay, $row['id']]
            );
        }

        return true;
    }

    /** An event, or null: what is signed but no event can never be processed. */
    private static function parse(string $body): ?array
    {
        $text = str_starts_with($body, "\u{FEFF}") ? substr($body, 3) : $body;
        $event = json_decode($text, true, 512, JSON_INVALID_UTF8_SUBSTITUTE);

        return is_array($event) && is_string($event['event'] ?? null) && is_string($event['id'] ?? null)
            ? $event
            : null;
    }

    private function query(string $statement, array $values): PDOStatement
    {
        $prepared = $this->database->prepare($statement);
        $prepared->execute($values);

        return $prepared;
    }
}
