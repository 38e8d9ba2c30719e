"""What model servers on FastAPI have: slashes that redirect, docs, streams, uploads, WebSockets."""

import asyncio

from fastapi import FastAPI, File, Request, UploadFile, WebSocket
from fastapi.responses import StreamingResponse

app = FastAPI(title="Voices")


@app.get("/health")
def health():
    return {"ok": True}


@app.get("/v1/items/")
def items(request: Request, page: int = 1):
    return {"page": page, "url": str(request.url), "client": request.client.host}


@app.get("/events")
async def events():
    async def lines():
        for number in range(3):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.2)

    return StreamingResponse(lines(), media_type="text/event-stream")


@app.post("/upload")
async def upload(file: UploadFile = File(...)):
    return {"name": file.filename, "size": len(await file.read())}


@app.websocket("/ws")
async def echo(socket: WebSocket):
    await socket.accept()
    while True:
        await socket.send_text("echo: " + await socket.receive_text())
