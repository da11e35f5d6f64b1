# frozen_string_literal: true

# Drawn by `draw :sendemall` in config/routes.rb.
post '/webhooks/sendemall', to: 'sendemall_webhooks#receive'

if WebhookInbox::TEST_HOOKS
  get '/test/effects/:id', to: 'sendemall_webhooks#effects', constraints: { id: %r{[^/]+} }
end
