"""What the gateway does to answers, and to requests for their sake: one stage a module, built once per route."""
