# frozen_string_literal: true

# Receives SendEmAll's webhooks. Settings: SENDEMALL_SECRET; PORT (4567); HOST (127.0.0.1).
#
# Start it with `bundle exec ruby receiver.rb`.

require 'sinatra'
require_relative 'webhook_inbox'

# Your work.
def handle_event(event)
  puts "#{event['event']} #{event['data'].is_a?(Hash) ? event['data']['lead_email'] : ''}"
end

INBOX = WebhookInbox.new { |event| handle_event(event) }

set :bind, ENV.fetch('HOST', '127.0.0.1')
set :port, Integer(ENV.fetch('PORT', '4567'))
# Sinatra would respond with the stack.
set :show_exceptions, false

post '/webhooks/sendemall' do
  # The raw bytes: a parsed body cannot be verified. One byte beyond the limit shows that there are more.
  body = request.body.read(WebhookInbox::MAX_BYTES + 1) || ''
  halt INBOX.accept(body, request.env['HTTP_X_SENDEMALL_SIGNATURE'])
end

if WebhookInbox::TEST_HOOKS
  get '/test/effects/:id' do
    content_type :json
    JSON.generate(count: INBOX.effects(params[:id]))
  end
end
