// What readers ask, and where the answer stands: every query must find its page, and the section where one
// is named, among the first three results. A page needs queries in both languages: a symptom, a name from the source, a question.

export const queries = {
    'index.html': {
        en: [
            ['dependencies', 'dependencies'],
            ['check mark', 'how-to-read-it'],
            ['questions and answers', 'questions'],
            ['nothing is taken on trust'],
            ['eye button', 'how-to-read-it'],
        ],
        ko: [
            ['의존성', 'dependencies'],
            ['체크 표시', 'how-to-read-it'],
            ['읽는 법', 'how-to-read-it'],
            ['질문', 'questions'],
            ['빨간 테두리', 'how-to-read-it'],
        ],
    },
    'architecture/client-and-tower-stack.html': {
        en: [
            ['concurrency limit', 'limit'],
            ['how do I limit concurrent requests', 'limit'],
            ['everything waits', 'limit'],
            ['buffer', 'queue'],
            ['worker closed unexpectedly', 'runtime'],
            ['tests fail tokio runtime', 'runtime'],
            ['layer order', 'layers'],
            ['with_layer', 'own-layer'],
            ['option_layer', 'own-layer'],
            ['idle connections', 'connections'],
            ['connection pool', 'connections'],
            ['HTTP/2', 'connections'],
            ['CryptoProvider', 'crypto-provider'],
            ['rustls panic', 'crypto-provider'],
            ['how many requests at the same time'],
        ],
        ko: [
            ['동시 호출 한도', 'limit'],
            ['큐', 'queue'],
            ['큐를', 'queue'],
            ['Buffer', 'queue'],
            ['런타임이', 'runtime'],
            ['worker closed unexpectedly', 'runtime'],
            ['레이어 순서', 'layers'],
            ['직접 넣은 레이어', 'own-layer'],
            ['with_layer', 'own-layer'],
            ['연결은 언제 닫히나', 'connections'],
            ['커넥션 풀', 'queue'],
            ['HTTP/2', 'connections'],
            ['암호 구현', 'crypto-provider'],
            ['CryptoProvider 패닉', 'crypto-provider'],
        ],
    },
    'architecture/crate-overview.html': {
        en: [
            ['the trait bound JsonSchema is not satisfied', 'versions'],
            ['which features do I need for a controller', 'choose'],
            ['kube-core without client', 'types'],
            ['derive macro needs serde_json', 'derive'],
            ['v1_36 field became Option', 'kubernetes-version'],
            ['controller-runtime', 'go'],
            ['openssl-tls', 'tls'],
            ['informer', 'go'],
            ['v1_37 feature of k8s-openapi', 'kubernetes-version'],
            ['client-go', 'go'],
        ],
        ko: [
            ['schemars 버전', 'versions'],
            ['어떤 feature를 켜야 하나'],
            ['타입만 쓰기', 'types'],
            ['derive 매크로', 'derive'],
            ['Kubernetes 버전', 'kubernetes-version'],
            ['controller-runtime', 'go'],
            ['Go에서', 'go'],
            ['client-go'],
            ['k8s-openapi feature'],
        ],
    },
    'architecture/resource-type-system.html': {
        en: [
            ['how is the URL built'],
            ['NamespaceResourceScope', 'scope'],
            ['Api::all create 405', 'scope'],
            ['DynamicObject'],
            ['wrong plural', 'plural'],
            ['Discovery', 'plural'],
            ['PartialObjectMeta', 'parts'],
            ['ObjectRef', 'references'],
            ['name_any', 'references'],
            ['default namespace'],
        ],
        ko: [
            ['URL은 어떻게 만들어지나'],
            ['클러스터 스코프'],
            ['네임스페이스를 지정하지 않으면'],
            ['DynamicObject'],
            ['복수형', 'plural'],
            ['메타데이터만 읽기', 'parts'],
            ['ObjectRef', 'references'],
            ['name_any', 'references'],
            ['기본 네임스페이스'],
        ],
    },
    'architecture/request-lifecycle.html': {
        en: [
            ['what is sent over the socket'],
            ['continue token', 'pages'],
            ['pagination', 'pages'],
            ['bookmark', 'watch'],
            ['watch gzip', 'watch'],
            ['content-type of a patch', 'methods'],
            ['one object cannot be decoded'],
            ['dropped future', 'dropping'],
            ['log_stream'],
        ],
        ko: [
            ['소켓으로 나가는 요청', 'way'],
            ['continue 토큰', 'pages'],
            ['여러 페이지', 'pages'],
            ['bookmark', 'watch'],
            ['watch는 한 줄씩', 'watch'],
            ['메서드별 요청', 'methods'],
            ['디코딩 실패', 'body'],
            ['future를 버리면', 'dropping'],
        ],
    },
    'architecture/configuration.html': {
        en: [
            ['KUBECONFIG with several files', 'kubeconfig'],
            ['malformed kubeconfig in a pod', 'fall-through'],
            ['KUBE_RS_DEBUG', 'debug'],
            ['NO_PROXY', 'proxy'],
            ['HTTPS_PROXY', 'proxy'],
            ['no CA certificates', 'trust'],
            ['insecure-skip-tls-verify', 'trust'],
            ['which cluster'],
            ['service account namespace'],
        ],
        ko: [
            ['어느 클러스터에 접속하나'],
            ['kubeconfig가 여러 개', 'kubeconfig'],
            ['kubeconfig가 깨졌을 때', 'fall-through'],
            ['파드 안에서', 'fall-through'],
            ['KUBE_RS_DEBUG', 'debug'],
            ['NO_PROXY', 'proxy'],
            ['프록시', 'proxy'],
            ['CA 인증서', 'trust'],
        ],
    },
    'architecture/authentication.html': {
        en: [
            ['401 for ever', 'unauthorized'],
            ['token refresh', 'plugin-token'],
            ['exec plugin certificate', 'plugin-certificate'],
            ['invalid bearer token newline', 'token-file'],
            ['service account token rotation', 'token-file'],
            ['interactiveMode', 'plugin-protocol'],
            ['impersonation', 'identity'],
            ['who am I', 'identity'],
            ['valid_until', 'plugin-certificate'],
            ['oidc', 'table'],
            ['exec plugin token expired', 'plugin-token'],
        ],
        ko: [
            ['401이 계속', 'unauthorized'],
            ['토큰 갱신', 'plugin-token'],
            ['플러그인이 출력한 인증서', 'plugin-certificate'],
            ['파일에서 읽는 토큰', 'token-file'],
            ['interactiveMode', 'plugin-protocol'],
            ['impersonation', 'identity'],
            ['valid_until', 'plugin-certificate'],
            ['oidc', 'table'],
            ['토큰을', 'token-file'],
            ['개행 문자'],
        ],
    },
    'architecture/retries-and-timeouts.html': {
        en: [
            ['get hangs'],
            ['Retry-After', 'retry-after'],
            ['AlreadyExists after create', 'twice'],
            ['which status codes are retried', 'again'],
            ['RetryPolicy', 'own'],
            ['deadline per call', 'deadline'],
            ['eviction 429', 'answers'],
            ['keepalive', 'dead-peers'],
            ['exponential backoff delay', 'pauses'],
            ['two clients', 'two-clients'],
            ['create sent again after 504', 'twice'],
            ['retry'],
            ['read timeout'],
        ],
        ko: [
            ['Retry-After', 'retry-after'],
            ['AlreadyExists', 'twice'],
            ['다시 보내는 상태 코드', 'again'],
            ['RetryPolicy', 'own'],
            ['호출 시간 제한', 'deadline'],
            ['eviction 429', 'answers'],
            ['재시도 간격', 'pauses'],
            ['client 두 개', 'two-clients'],
            ['읽기 타임아웃'],
            ['재시도'],
            ['타임아웃'],
        ],
    },
    'architecture/errors.html': {
        en: [
            ['is_not_found', 'helpers'],
            ['get_opt returns None', 'absent'],
            ['404 page not found'],
            ['SerdeError', 'decoding'],
            ['connection refused', 'layers'],
            ['log the error chain', 'logging'],
            ['Conflict or AlreadyExists', 'helpers'],
            ['status code 0', 'status'],
            ['retry or give up', 'classify'],
        ],
        ko: [
            ['is_not_found', 'helpers'],
            ['get_opt None', 'absent'],
            ['404 page not found'],
            ['디코딩할 수 없는', 'decoding'],
            ['connection refused', 'layers'],
            ['로그에 남길', 'logging'],
            ['Conflict', 'helpers'],
            ['재시도할 만한 에러'],
        ],
    },
    'runtime-internals/watcher.html': {
        en: [
        ],
        ko: [
        ],
    },
    'runtime-internals/watcher-requests.html': {
        en: [
        ],
        ko: [
        ],
    },
    'runtime-internals/stream-adaptors.html': {
        en: [
        ],
        ko: [
        ],
    },
    'runtime-internals/reflector-and-store.html': {
        en: [
        ],
        ko: [
        ],
    },
    'runtime-internals/shared-streams.html': {
        en: [
        ],
        ko: [
        ],
    },
    'runtime-internals/controller-pipeline.html': {
        en: [
            ['trigger_owners', 'way'],
            ['PartialObjectMetadataList', 'triggers'],
            ['from_owner_ref', 'owners'],
            ['Two runs of one object at the same time', 'owners'],
            ['mapper', 'mappers'],
            ['trigger_backoff', 'backoff'],
            ['reconciled half a minute late', 'backoff'],
            ['RunnerError', 'results'],
            ['reconciler panicked', 'results'],
        ],
        ko: [
            ['trigger_owners', 'way'],
            ['reconcile_all_on', 'triggers'],
            ['from_owner_ref', 'owners'],
            ['mapper', 'mappers'],
            ['trigger_backoff', 'backoff'],
            ['RunnerError', 'results'],
            ['reconciler panic', 'results'],
        ],
    },
    'runtime-internals/scheduling.html': {
        en: [
        ],
        ko: [
        ],
    },
    'runtime-internals/shutdown.html': {
        en: [
        ],
        ko: [
        ],
    },
    'runtime-internals/custom-resources.html': {
        en: [
        ],
        ko: [
        ],
    },
    'runtime-internals/schemas.html': {
        en: [
        ],
        ko: [
        ],
    },
};
