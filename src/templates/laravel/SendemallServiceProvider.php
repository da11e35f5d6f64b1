<?php

declare(strict_types=1);

namespace App\Providers;

use Illuminate\Support\ServiceProvider;

/** Loads the routes of the webhook, outside the group "web": the provider has no CSRF token. */
final class SendemallServiceProvider extends ServiceProvider
{
    public function boot(): void
    {
        $this->loadRoutesFrom(base_path('routes/sendemall.php'));
    }
}
