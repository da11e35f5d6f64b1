<?php

declare(strict_types=1);

use App\Http\Controllers\SendemallWebhookController;
use Illuminate\Support\Facades\Route;

Route::post('/webhooks/sendemall', [SendemallWebhookController::class, 'receive']);

if (config('sendemall.test_hooks')) {
    Route::get('/test/effects/{id}', [SendemallWebhookController::class, 'effects']);
}
