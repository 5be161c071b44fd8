from faultline import App, Job

app = App()


@app.handler("hello", max_attempts=3, timeout=30)
def hello(job: Job) -> dict[str, str]:
    """A plain function runs in a thread; an async one on the event loop."""
    greeting = f"Hello, {job.payload['name']}!"
    print(greeting)
    return {"greeting": greeting}
