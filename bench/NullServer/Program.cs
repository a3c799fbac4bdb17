using System.IO.Pipelines;
using System.Net;

// An empty endpoint on Kestrel: takes PUT and GET of '/', reads the body, answers 200 with nothing. What a server of ours
// can reach at most on a machine, and what the load generator is measured against.
int port = args is ["--port", var text] && int.TryParse(text, out int given) ? given : 7480;
WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, port));
WebApplication app = builder.Build();
app.Run(async context =>
{
    if (HttpMethods.IsPut(context.Request.Method))
    {
        PipeReader body = context.Request.BodyReader;
        ReadResult read;
        do
        {
            read = await body.ReadAsync(context.RequestAborted);
            body.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
    }

    context.Response.ContentLength = 0;
});
Console.WriteLine($"listening on http://127.0.0.1:{port}");
app.Run();
