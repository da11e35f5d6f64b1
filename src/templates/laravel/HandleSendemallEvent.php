<?php

declare(strict_types=1);

namespace App\Jobs;

use Illuminate\Bus\Queueable;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Bus\Dispatchable;
use Illuminate\Queue\InteractsWithQueue;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Log;

/** The work that an event asks for, run by `php artisan queue:work`. */
final class HandleSendemallEvent implements ShouldQueue
{
    use Dispatchable;
    use InteractsWithQueue;
    use Queueable;

    public int $tries = 25;

    /** Seconds before each retry; the last one repeats. */
    public array $backoff = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 3600];

    public function __construct(private readonly string $key)
    {
    }

    public function handle(): void
    {
        $row = DB::table('sendemall_events')->where('key', $this->key);
        $this->work(json_decode($row->value('event'), true));
        $row->increment('done');
    }

    /** Your work; let it throw when it fails. */
    private function work(array $event): void
    {
        Log::info($event['event'], ['lead' => $event['data']['lead_email'] ?? null]);
    }
}
