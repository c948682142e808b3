"""What a conversation with a Livy server needs: a server, a client, the recording, a comparison."""
