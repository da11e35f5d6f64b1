<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Jobs\HandleSendemallEvent;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Support\Facades\DB;
use RuntimeException;

/** Receives SendEmAll's webhooks: verifies the signature over the raw bytes, keeps each event once, and queues the work. */
final class SendemallWebhookController
{
    private const MAX_BYTES = 1_000_000;

    public function receive(Request $request): Response
    {
        // The raw bytes: a parsed body cannot be verified.
        $body = (string) $request->getContent();
        if (strlen($body) > self::MAX_BYTES) {
            return response('', 413);
        }
        $expected = 'sha256=' . hash_hmac('sha256', $body, self::secret());
        if (!hash_equals($expected, (string) $request->headers->get('X-SendEmAll-Signature', ''))) {
            return response('', 401);
        }
        $event = self::parse($body);
        if ($event === null) {
            return response('', 400);
        }
        // Both or neither, if jobs are in this database (QUEUE_CONNECTION=database).
        DB::transaction(function () use ($event): void {
            $key = self::keyOf($event['id']);
            $row = ['key' => $key, 'event' => json_encode($event), 'created_at' => now()];
            if (DB::table('sendemall_events')->insertOrIgnore($row) === 1) {
                HandleSendemallEvent::dispatch($key);
            }
        });

        return response('', 200);
    }

    /** For tests: how often an event's work was done. */
    public function effects(string $id): JsonResponse
    {
        $done = DB::table('sendemall_events')->where('key', self::keyOf($id))->value('done');

        return response()->json(['count' => (int) $done]);
    }

    /** Without a secret, nothing can be verified: everybody could sign with an empty one. */
    private static function secret(): string
    {
        return config('sendemall.secret') ?: throw new RuntimeException(
            'SENDEMALL_SECRET is not set. Set it in .env.'
        );
    }

    /** Of a fixed length, and different for ids that a database's collation takes for equal. */
    private static function keyOf(string $id): string
    {
        return hash('sha256', $id);
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
}
